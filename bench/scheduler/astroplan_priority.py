"""astroplan_priority.py INSTANCE.json: plans an instance with astroplan's PriorityScheduler, as generously as can be.

Windows are time constraints and the target stands at the zenith of a pole, so no ephemerides are computed twice. What it
schedules counts as if it kept its length (astroplan cuts blocks to its grid); sequences beyond their owner's quota are dropped
in the order of priority. Prints {"objective", "scheduled", "wall_s", "cpu_s"}: the times are those of the scheduler call alone, without imports.
"""
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import astropy.units as u
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers
from astroplan import FixedTarget, ObservingBlock, Observer
from astroplan.constraints import TimeConstraint
from astroplan.scheduling import PriorityScheduler, Schedule, Transitioner

# Nothing is fetched, and the Earth's rotation as astropy brings it along will do, however old it is.
iers.conf.auto_download = False
iers.conf.auto_max_age = None
iers.conf.iers_degraded_accuracy = "warn"

instance = json.load(open(sys.argv[1]))
start, end = (Time(instance["night"][key], format="jd") for key in ("start_jd", "end_jd"))
pole = Observer(location=EarthLocation(lat=89.9 * u.deg, lon=0 * u.deg, height=0 * u.m))
target = FixedTarget(SkyCoord(0 * u.deg, 89.9 * u.deg), name="pole")
blocks = []
for sequence in instance["sequences"]:
    need = sequence["duration_s"] + sequence["overhead_s"]
    first = max(sequence["jd1"], instance["night"]["start_jd"])
    last = min(sequence["jd2"], instance["night"]["end_jd"])
    if (last - first) * 86400 < need or need > instance["owners"][sequence["owner"]]["quota_left_s"]:
        continue
    block = ObservingBlock(
        target,
        need * u.second,
        sequence["priority"],
        constraints=[TimeConstraint(Time(first, format="jd"), Time(last, format="jd"))],
        name=sequence["id"],
    )
    block.sequence = sequence
    blocks.append(block)

schedule = Schedule(start, end)
began = time.perf_counter()
began_cpu = time.process_time()
scheduler = PriorityScheduler(constraints=[], observer=pole, transitioner=Transitioner())
if blocks:
    scheduler(blocks, schedule)
wall_s = time.perf_counter() - began
cpu_s = time.process_time() - began_cpu

left = {owner: quota["quota_left_s"] for owner, quota in instance["owners"].items()}
objective = 0
scheduled = 0
for block in sorted(schedule.observing_blocks, key=lambda block: block.sequence["priority"]):
    sequence = block.sequence
    need = sequence["duration_s"] + sequence["overhead_s"]
    if need > left[sequence["owner"]]:
        continue
    left[sequence["owner"]] -= need
    objective += (101 - sequence["priority"]) * sequence["duration_s"]
    scheduled += 1
print(json.dumps({"objective": objective, "scheduled": scheduled, "wall_s": wall_s, "cpu_s": cpu_s}))
