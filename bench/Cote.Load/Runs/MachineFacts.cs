using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Cote.Load.Runs;

/// <summary>What has to be known of a machine to make anything of a figure.</summary>
static class MachineFacts
{
    public static Dictionary<string, string> Read(string root) => new()
    {
        ["date"] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["commit"] = Said("git", "-C", root, "rev-parse", "--short=12", "HEAD") is { Length: > 0 } commit
            ? commit + (Said("git", "-C", root, "status", "--porcelain", "--", "src").Length > 0
                ? " (with changes in src)" : "") : "unknown",
        ["processor"] = Line("/proc/cpuinfo", "model name"),
        ["cores"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
        ["memory"] = Line("/proc/meminfo", "MemTotal"),
        ["kernel"] = File.Exists("/proc/sys/kernel/osrelease") ? File.ReadAllText("/proc/sys/kernel/osrelease").Trim()
            : Environment.OSVersion.VersionString,
        ["dotnet"] = RuntimeInformation.FrameworkDescription,
        ["load before"] = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown",
        ["shared"] = "load generator, model and servers on the same cores",
    };

    static string Line(string file, string name) => !File.Exists(file) ? "unknown"
        : File.ReadLines(file).FirstOrDefault(x => x.StartsWith(name, StringComparison.Ordinal))?.Split(':')[1].Trim()
            ?? "unknown";

    static string Said(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true,
                RedirectStandardError = true })!;
            var said = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? said : "";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
