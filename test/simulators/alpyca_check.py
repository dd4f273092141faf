"""Drives every simulated device with alpyca, the ASCOM initiative's own client. Arguments: host:port.

Prints one line per device type; exits 1 with the reason at the first thing that is wrong.
"""

import sys
import time

from alpaca.camera import Camera, CameraStates, ImageArrayElementTypes, SensorType
from alpaca.covercalibrator import CalibratorStatus, CoverCalibrator, CoverStatus
from alpaca.dome import Dome, ShutterState
from alpaca.exceptions import (
    ActionNotImplementedException,
    InvalidOperationException,
    InvalidValueException,
    NotConnectedException,
    NotImplementedException,
    ParkedException,
)
from alpaca.filterwheel import FilterWheel
from alpaca.focuser import Focuser
from alpaca.observingconditions import ObservingConditions
from alpaca.safetymonitor import SafetyMonitor
from alpaca.switch import Switch
from alpaca.telescope import EquatorialCoordinateType, GuideDirections, Telescope, TelescopeAxes

ADDRESS = sys.argv[1]


def until(condition, what, limit=20.0):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit} s")
        time.sleep(0.02)


def refused(error, call, what):
    try:
        call()
    except error:
        return
    raise AssertionError(f"{what}: {error.__name__} expected")


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, expected {expected!r}")


def near(actual, expected, tolerance, what):
    if abs(actual - expected) > tolerance:
        raise AssertionError(f"{what}: {actual!r}, expected {expected!r} +- {tolerance}")


def connect(device):
    device.Disconnect()
    until(lambda: not device.Connecting, "disconnecting")
    equal(device.Connected, False, "Connected")
    device.Connect()
    until(lambda: not device.Connecting, "connecting")
    equal(device.Connected, True, "Connected")
    for text in (device.Name, device.Description, device.DriverInfo, device.DriverVersion):
        if not str(text):
            raise AssertionError("empty description")
    if device.InterfaceVersion < 2:
        raise AssertionError("not a Platform 7 device")
    if "sim:log" not in device.SupportedActions:
        raise AssertionError("SupportedActions without sim:log")
    if not device.Action("sim:log").startswith("["):
        raise AssertionError("Action without parameters")
    refused(ActionNotImplementedException, lambda: device.Action("no:such", ""), "unknown Action")
    if not any(entry["Name"] == "TimeStamp" for entry in device.DeviceState):
        raise AssertionError("DeviceState without TimeStamp")


def telescope():
    mount = Telescope(ADDRESS, 0)
    mount.Disconnect()
    refused(NotConnectedException, lambda: mount.RightAscension, "RightAscension when disconnected")
    connect(mount)
    equal(mount.EquatorialSystem, EquatorialCoordinateType.equJ2000, "EquatorialSystem")
    if not mount.AtPark:
        mount.Park()
        until(lambda: mount.AtPark, "parking")
    refused(ParkedException, lambda: mount.SlewToCoordinatesAsync(1, 1), "slew while parked")
    mount.Unpark()
    refused(InvalidOperationException, lambda: mount.SlewToCoordinatesAsync(1, 1), "slew without tracking")
    mount.Tracking = True
    refused(InvalidValueException, lambda: mount.SlewToCoordinatesAsync(25, 1), "RA 25")
    hours = (mount.SiderealTime + 1) % 24
    mount.SlewToCoordinatesAsync(hours, 20.0)
    until(lambda: not mount.Slewing, "slewing")
    near(mount.RightAscension, hours, 1e-6, "RightAscension")
    near(mount.Declination, 20.0, 1e-6, "Declination")
    near(mount.TargetDeclination, 20.0, 1e-9, "TargetDeclination")
    equal(mount.CanMoveAxis(TelescopeAxes.axisPrimary), True, "CanMoveAxis")
    equal(len(mount.AxisRates(TelescopeAxes.axisTertiary)), 0, "AxisRates of a missing axis")
    mount.MoveAxis(TelescopeAxes.axisSecondary, 0.5)
    equal(mount.Slewing, True, "Slewing while an axis moves")
    mount.MoveAxis(TelescopeAxes.axisSecondary, 0)
    mount.PulseGuide(GuideDirections.guideNorth, 100)
    until(lambda: not mount.IsPulseGuiding, "guiding")
    if mount.UTCDate is None or not mount.TrackingRates or mount.ApertureDiameter != 1.3:
        raise AssertionError("properties")
    mount.AbortSlew()
    mount.TargetRightAscension = hours
    mount.TargetDeclination = 21.0
    mount.SlewToTargetAsync()
    until(lambda: not mount.Slewing, "slewing to the target")


def dome():
    shell = Dome(ADDRESS, 0)
    connect(shell)
    shell.OpenShutter()
    until(lambda: shell.ShutterStatus == ShutterState.shutterOpen, "opening")
    equal(shell.Slewing, False, "Slewing")
    shell.SlewToAzimuth(90.0)
    until(lambda: not shell.Slewing, "turning")
    near(shell.Azimuth, 90.0, 0.01, "Azimuth")
    refused(NotImplementedException, lambda: shell.SlewToAltitude(30), "SlewToAltitude")
    shell.AbortSlew()


def camera(number):
    chip = Camera(ADDRESS, number)
    connect(chip)
    equal(chip.SensorType, SensorType.Monochrome, "SensorType")
    refused(NotImplementedException, lambda: chip.Gain, "Gain")
    refused(InvalidValueException, lambda: setattr(chip, "BinX", 0), "BinX 0")
    chip.BinX = chip.BinY = 2
    chip.StartX, chip.StartY, chip.NumX, chip.NumY = 10, 20, 120, 60
    chip.ReadoutMode = len(chip.ReadoutModes) - 1
    chip.SetCCDTemperature = -60.0
    chip.CoolerOn = True
    chip.StartExposure(5.0, True)
    equal(chip.CameraState, CameraStates.cameraExposing, "CameraState")
    refused(InvalidOperationException, lambda: chip.StartExposure(1.0, True), "second StartExposure")
    until(lambda: chip.ImageReady, "exposing")
    image = chip.ImageArray
    equal((len(image), len(image[0])), (120, 60), "ImageArray")
    info = chip.ImageArrayInfo
    equal((info.Rank, info.ImageElementType), (2, ImageArrayElementTypes.Int32), "ImageArrayInfo")
    if not 900 < min(min(column) for column in image) <= 65535:
        raise AssertionError("pixels without bias")
    near(chip.LastExposureDuration, 5.0, 1e-9, "LastExposureDuration")
    if chip.LastExposureStartTime is None or chip.PercentCompleted != 100:
        raise AssertionError("exposure times")
    chip.StartExposure(100.0, False)
    chip.AbortExposure()
    equal(chip.ImageReady, False, "ImageReady after abort")


def filterwheel():
    wheel = FilterWheel(ADDRESS, 0)
    connect(wheel)
    names = wheel.Names
    equal(len(wheel.FocusOffsets), len(names), "FocusOffsets")
    wheel.Position = len(names) - 1
    until(lambda: wheel.Position == len(names) - 1, "turning")
    refused(InvalidValueException, lambda: setattr(wheel, "Position", len(names)), "Position out of range")


def focuser():
    drive = Focuser(ADDRESS, 0)
    connect(drive)
    equal(drive.Absolute, True, "Absolute")
    start = drive.Position
    drive.Move(start + 200)
    until(lambda: not drive.IsMoving, "moving")
    equal(drive.Position, start + 200, "Position")
    drive.Move(start)
    drive.Halt()
    refused(NotImplementedException, lambda: setattr(drive, "TempComp", True), "TempComp")


def covercalibrator():
    cover = CoverCalibrator(ADDRESS, 0)
    connect(cover)
    cover.CloseCover()
    until(lambda: cover.CoverState == CoverStatus.Closed, "closing")
    cover.CalibratorOn(cover.MaxBrightness)
    until(lambda: cover.CalibratorState == CalibratorStatus.Ready, "lamp")
    cover.CalibratorOff()
    until(lambda: not cover.CalibratorChanging, "lamp off")
    cover.OpenCover()
    until(lambda: cover.CoverState == CoverStatus.Open, "opening")


def observingconditions():
    station = ObservingConditions(ADDRESS, 0)
    connect(station)
    station.Refresh()
    for sensor in ("CloudCover", "DewPoint", "Humidity", "Pressure", "RainRate", "SkyBrightness", "SkyQuality",
                   "SkyTemperature", "StarFWHM", "Temperature", "WindDirection", "WindGust", "WindSpeed"):
        if not isinstance(getattr(station, sensor), (int, float)):
            raise AssertionError(sensor)
        if not station.SensorDescription(sensor):
            raise AssertionError(f"SensorDescription of {sensor}")
    if not 0 <= station.TimeSinceLastUpdate("") < 60:
        raise AssertionError("TimeSinceLastUpdate")
    refused(InvalidValueException, lambda: station.SensorDescription("Bananas"), "unknown sensor")


def safetymonitor():
    interlock = SafetyMonitor(ADDRESS, 0)
    connect(interlock)
    equal(interlock.IsSafe, True, "IsSafe")
    station = ObservingConditions(ADDRESS, 0)
    station.Action("sim:weather", '{"kind":"rain"}')
    equal(interlock.IsSafe, False, "IsSafe in rain")
    station.Action("sim:weather", '{"kind":"clear"}')


def switch():
    plc = Switch(ADDRESS, 0)
    connect(plc)
    channels = {plc.GetSwitchName(number): number for number in range(plc.MaxSwitch)}
    lights = channels["lights"]
    plc.SetSwitchValue(lights, 30)
    near(plc.GetSwitchValue(lights), 30, 1e-9, "lights")
    equal(plc.CanWrite(channels["alarm:fire"]), False, "CanWrite of an alarm")
    refused(NotImplementedException, lambda: plc.SetSwitch(channels["alarm:fire"], True), "writing an alarm")
    for number in channels.values():
        if plc.MinSwitchValue(number) >= plc.MaxSwitchValue(number) or plc.SwitchStep(number) <= 0:
            raise AssertionError("range of a switch")
    plc.SetAsyncValue(lights, 10)
    until(lambda: plc.StateChangeComplete(lights), "switching")
    near(plc.GetSwitchValue(lights), 10, 1e-9, "lights")


CHECKS = {
    "telescope": telescope,
    "dome": dome,
    "camera": lambda: camera(0),
    "second camera": lambda: camera(1),
    "filterwheel": filterwheel,
    "focuser": focuser,
    "covercalibrator": covercalibrator,
    "observingconditions": observingconditions,
    "safetymonitor": safetymonitor,
    "switch": switch,
}

for name, check in CHECKS.items():
    try:
        check()
    except Exception as error:  # Any failure is reported with the device it belongs to.
        print(f"{name}: {type(error).__name__}: {error}")
        raise
    print(f"{name}: ok", flush=True)
