-- A sweep of one instrument around steps of two others at once.
for outer = 1, 2 do
  context:call("Bench1:1.SET", outer)
  for inner = 1, 2 do
    context:parallel(function()
      context:call("Bench2:1.SET", inner)
      context:call("Bench3:1.SET", inner * 2)
    end)
    print(string.format("%d %d %.6e", outer, inner, context:call("Bench1.MEASURE")))
  end
end
