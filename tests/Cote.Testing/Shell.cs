using System.Diagnostics;

namespace Cote.Testing;

/// <summary>The machine's own commands.</summary>
public static class Shell
{
    /// <summary>Runs one; its exit code and what it said.</summary>
    public static async Task<(int Code, string Said)> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
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
