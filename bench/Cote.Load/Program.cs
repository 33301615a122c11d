using System.Runtime.InteropServices;
using Cote.Load;
using Cote.Load.Figures;
using Cote.Load.Model;
using Cote.Load.Runs;
using Cote.Load.Yardsticks;
using Microsoft.AspNetCore.Builder;

var arguments = new Arguments(args);
using var stopping = new CancellationTokenSource();
// What was started is ended first.
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    switch (arguments.Words)
    {
        case ["bench"]:
            return await Bench.RunAsync(arguments, stopping.Token);
        case ["drive", var what]:
            return await Drive.RunAsync(what, arguments, stopping.Token).WaitAsync(stopping.Token);
        case ["model"]:
            using (var model = new ModelServer(
                arguments.Number("port", 8_100),
                    (arguments.Number("first", 0), arguments.Number("tokens", 8), arguments.Number("rate", 0))))
            {
                Console.WriteLine($"A model at http://127.0.0.1:{model.Port}/v1");
                await model.RunAsync(UntilParentEnds());
                return 0;
            }
        case ["yardstick", "kestrel"]:
            return await ServeAsync(BareServers.Kestrel(arguments.Number("port", 8_101)));
        case ["yardstick", "relay"]:
            return await ServeAsync(
                BareServers.Relay(arguments.Number("port", 8_102),
                new(arguments.Text("model") ?? "http://127.0.0.1:8100")));
        case ["yardstick", "sockets"]:
            return await ServeAsync(BareServers.Sockets(arguments.Number("port", 8_103)));
        case ["yardstick", "tools"]:
            return await ServeAsync(BareServers.Tools(arguments.Number("port", 8_104)));
        case ["yardstick", "sqlite"]:
            Console.WriteLine(BareSqlite.Run(
                arguments.Text("file") ?? throw new FormatException("--file is missing: a copy of a seeded cote.db"),
                arguments.Number("group", 64), TimeSpan.FromSeconds(1), arguments.Seconds("seconds", 5)));
            return 0;
        case ["compare", var a, var b]:
            Console.WriteLine(Report.Compare(Report.Load(a), Report.Load(b)));
            return 0;
        default:
            Console.Error.WriteLine("""
                Cote.Load bench [--short] [--rounds N] [--only id,id] [--program FILE] [--guide FOLDER] [--postgres URL] [--json FILE]
                Cote.Load drive users-me|chats-50|messages-50|sends|turns|streams|idle|fan-out|resume --url URL
                    [--clients N] [--seconds S] [--rate N] [--users N] [--chats N] [--replies N] [--json FILE]
                    [--pid SERVER] [--postmaster PID [--database NAME]]
                Cote.Load model [--port N] [--first MS] [--tokens N] [--rate PER_SECOND]
                Cote.Load yardstick kestrel|relay|sockets|tools|sqlite [--port N] [--model URL] [--file DB]
                Cote.Load compare A.json B.json
                """);
            return 2;
    }
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}
catch (Exception error) when (
    error is InvalidOperationException or FormatException or IOException or TimeoutException or HttpRequestException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}

async Task<int> ServeAsync(WebApplication app)
{
    await using (app)
    {
        await app.StartAsync(stopping.Token);
        await Task.Delay(Timeout.Infinite, UntilParentEnds()).ContinueWith(_ => { }, TaskScheduler.Default);
        return 0;
    }
}

// A server that was started by a run goes with it, however the run ends: then its input is closed.
CancellationToken UntilParentEnds()
{
    if (arguments.Has("with-parent"))
        _ = Task.Run(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }
            stopping.Cancel();
        });
    return stopping.Token;
}
