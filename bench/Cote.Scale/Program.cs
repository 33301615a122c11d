using System.Runtime.InteropServices;
using Cote.Load;
using Cote.Scale;
using Npgsql;

var arguments = new Arguments(args);
using var stopping = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
if (arguments.Has("help") || arguments.Words.Count > 0)
{
    Console.Error.WriteLine("""
        Cote.Scale [--users 1000000] [--days 30] [--scale 1/2500,1/1000] [--only growth,loops,tuned,partitions]
            [--postgres URL] [--keep] [--json FILE]
        """);
    return 2;
}
try
{
    await new ScaleRun(ScaleOptions.Of(arguments), Console.WriteLine).RunAsync(stopping.Token);
    return 0;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    Console.Error.WriteLine("Stopped.");
    return 130;
}
catch (Exception error) when (error is InvalidOperationException or FormatException or IOException
    or TimeoutException or NpgsqlException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}
