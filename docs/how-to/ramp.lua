-- Sets a supply, reads it back, and measures with two instruments at once.
context:lease("PSU1", {purpose = "a ramp"})
for _, volts in ipairs({0, 1.5, 3}) do
  context:call("PSU1.set_voltage", volts)
  context:sleep(0.01)
  print(string.format("%.1f V is set", context:call("PSU1.get_voltage")))
end
context:parallel(function()
  context:call("PSU1.measure_voltage")
  context:call("DMM1.measure_voltage")
end)
local value, failure = context:try("PSU1.set_voltage", 1000)
print(value, failure.code)
