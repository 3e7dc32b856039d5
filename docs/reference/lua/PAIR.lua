-- Two meters read as one.
return {
  doc = "Two meters read as one",
  version = "1.0.0",
  commands = {
    read_voltages = {
      doc = "Reads both meters",
      unit = "V",
      reads = true,
      result = "array",
      parameters = {{name = "count", type = "int", min = 1, max = 10, default = 1}},
      run = function(count)
        local voltages = {}
        for i = 1, count do
          table.insert(voltages, context:call("DMM1.measure_voltage"))
          table.insert(voltages, context:call("DMM2.measure_voltage"))
        end
        return voltages
      end,
    },
  },
}
