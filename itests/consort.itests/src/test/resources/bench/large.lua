local first = context:call("Bench1.GET_LARGE_DATA")
local second = context:call("Bench1.GET_LARGE_DATA")
print(tostring(first), tostring(second), context:call("Bench1.GET_SMALL_DATA"))
