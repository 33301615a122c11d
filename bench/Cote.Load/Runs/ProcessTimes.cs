using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Cote.Load.Runs;

/// <summary>Processor time that processes have taken so far, in seconds, as the kernel counts it.</summary>
static partial class ProcessTimes
{
    const double TicksPerSecond = 100; // USER_HZ, the same on every Linux

    public static double Of(int pid)
    {
        var fields = Fields(pid) ?? throw new InvalidOperationException($"There is no process {pid}.");
        return (Number(fields, 11) + Number(fields, 12)) / TicksPerSecond;
    }

    /// <summary>
    /// Of a PostgreSQL: its own background work, the connections to one database (to all, where none is named), and
    /// all that ended meanwhile, which the kernel adds to the first process.
    /// </summary>
    public static double OfPostgres(int postmaster, string? database)
    {
        var own = Fields(postmaster) ?? throw new InvalidOperationException($"There is no process {postmaster}.");
        var ticks = Enumerable.Range(11, 4).Sum(x => Number(own, x));
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid)
                && Fields(pid) is { } fields && Number(fields, 1) == postmaster && Serves(pid, database))
                ticks += Number(fields, 11) + Number(fields, 12);
        return ticks / TicksPerSecond;
    }

    static bool Serves(int pid, string? database) => database is null
        || Connection().Match(Read($"/proc/{pid}/cmdline") ?? "") is not { Success: true } connection
        || connection.Groups[1].Value == database;

    // What stands behind the name of the program, which may hold spaces.
    static string[]? Fields(int pid) =>
        Read($"/proc/{pid}/stat") is { } stat ? stat[(stat.LastIndexOf(')') + 2)..].Split(' ') : null;

    static long Number(string[] fields, int place) => long.Parse(fields[place], CultureInfo.InvariantCulture);

    static string? Read(string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended
        }
    }

    // "postgres: 15/main: user database 127.0.0.1(5000) idle"
    [GeneratedRegex(@"^postgres: (?:\S+: )?\S+ (\S+) (?:\[local\]|\S+\(\d+\)) ")]
    private static partial Regex Connection();
}
