context:call("Bench1:1.SET", 5.0)
context:call("Bench1:2.SET", 3.0)
print(context:call("Bench1:1.GET"), context:call("Bench1:2.GET"))
context:call("Bench1:3.Measure")
