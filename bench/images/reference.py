"""Calibration of a frame and clipped mean of seven with numpy and astropy (ccdproc too, when it is installed).

python3 reference.py FOLDER ROUNDS: prints JSON {calibrate: [ms], combine: [ms], ccdproc: [ms] | null}
Time is from the bytes in memory to the bytes of the result, checksums verified and written, as in run.ts.
"""
import io
import json
import sys
import time

import numpy as np
from astropy.io import fits

folder, rounds = sys.argv[1], int(sys.argv[2])


def content(name):
    with open(f"{folder}/{name}.fits", "rb") as file:
        return file.read()


def pixels(data):
    with fits.open(io.BytesIO(data), checksum=True) as hdus:
        return hdus[0].data.astype(np.float32)


def written(values):
    buffer = io.BytesIO()
    fits.PrimaryHDU(values).writeto(buffer, checksum=True)
    return buffer.getvalue()


def clipped_mean(stack):
    median = np.median(stack, axis=0)
    limit = 5 * 1.482602218505602 * np.median(np.abs(stack - median), axis=0)
    good = np.abs(stack - median) <= limit
    return np.where(good, stack, 0).sum(axis=0) / good.sum(axis=0)


def timed(work):
    samples = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        samples.append((time.perf_counter() - start) * 1000)
    return samples


raw = content("raw")
bias, dark, flat = (pixels(content(name)) for name in ("bias", "dark", "flat"))
stack = [content(f"stack_{k}") for k in range(7)]
answer = {
    "calibrate": timed(lambda: written((pixels(raw) - bias - np.float32(0.5) * dark) / flat)),
    "combine": timed(lambda: written(clipped_mean(np.array([pixels(data) for data in stack])).astype(np.float32))),
    "ccdproc": None,
}
try:
    from astropy.nddata import CCDData
    from astropy.stats import mad_std
    import ccdproc

    frames = [CCDData(pixels(data), unit="adu") for data in stack]
    answer["ccdproc"] = timed(
        lambda: ccdproc.combine(
            frames,
            method="average",
            sigma_clip=True,
            sigma_clip_low_thresh=5,
            sigma_clip_high_thresh=5,
            sigma_clip_func=np.ma.median,
            sigma_clip_dev_func=mad_std,
        )
    )
except ImportError:
    pass
print(json.dumps(answer))
