-- Each kind of value, what is named wrongly, and an instrument that is not there; none of them ends the script.
for _, verb in ipairs({"GET_DOUBLE", "GET_STRING", "GET_BOOL", "GET_ARRAY", "ECHO"}) do
  local value = context:call("Bench1." .. verb)
  print(string.format("%s: %s", verb, type(value) == "table" and #value .. " elements" or tostring(value)))
end
context:call("Bench1. CONFIGURE", {gain = 1.5, shape = "SIN", gated = true})
context:call("Bench1. CONFIGURE", {param1 = 1.5, param2 = "SIN", param3 = true})
print(context:call("Nobody. GET") == nil)
