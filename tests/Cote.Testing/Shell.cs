using System.Diagnostics;

namespace Cote.Testing;

/// <summary>The machine's own commands.</summary>
public static class Shell
{
    /// <summary>Runs one; its exit code and what it said.</summary>
    public static Task<(int Code, string Said)> RunAsync(string command, params string[] arguments) =>
        RunWithinAsync(Timeout.InfiniteTimeSpan, command, arguments);

    /// <summary>Runs one that is to end within so long, else it is ended.</summary>
    public static async Task<(int Code, string Said)> RunWithinAsync(
        TimeSpan limit, string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var timer = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{command} did not end:\n{await said}\n{await complained}");
        }
        return (process.ExitCode, await said + await complained);
    }

    /// <summary>Runs one that must succeed.</summary>
    public static async Task MustAsync(string command, params string[] arguments)
    {
        var (code, said) = await RunAsync(command, arguments);
        if (code != 0)
            throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} ended with {code}: {said}");
    }
}
