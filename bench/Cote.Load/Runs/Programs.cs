using System.Diagnostics;
using System.Globalization;

namespace Cote.Load.Runs;

/// <summary>Programs of the machine that are run to their end.</summary>
static class Programs
{
    const string Debian = "/usr/lib/postgresql";

    /// <summary>
    /// The file of a program on the PATH, or where Debian puts those of PostgreSQL; null where it is not installed.
    /// </summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(Directory.Exists(Debian) ? Directory.GetDirectories(Debian)
                .OrderByDescending(x => int.TryParse(Path.GetFileName(x), out var version) ? version : 0)
                .Select(x => x + "/bin") : [])
            .Select(x => Path.Combine(x, name)).FirstOrDefault(File.Exists);

    /// <summary>What it said; an <see cref="InvalidOperationException"/> where it failed or is not there.</summary>
    public static async Task<string> SaidAsync(string program, IEnumerable<string> arguments, CancellationToken ct,
        string? directory = null, IReadOnlyDictionary<string, string>? variables = null)
    {
        var file = Path.IsPathRooted(program) ? program
            : Find(program) ?? throw new InvalidOperationException($"There is no {program} on this machine.");
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode == 0 ? await said : throw new InvalidOperationException(
            $"{program} ended with {process.ExitCode.ToString(CultureInfo.InvariantCulture)}: "
            + (await complained).Trim());
    }
}
