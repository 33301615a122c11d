using System.Runtime.CompilerServices;

namespace Cote.Tests.Harness;

/// <summary>
/// Databases and folders of these tests lie in memory where there is room: what is promised of a disk is tested with the
/// published program, and here every fsync and every file of a new database would only cost time.
/// </summary>
static class MemoryDisk
{
    const string Memory = "/dev/shm";
    const long Needed = 4L << 30;

    /// <summary>A folder on another file system than the tests' own.</summary>
    public static string Elsewhere => Path.GetTempPath().StartsWith(Memory, StringComparison.Ordinal)
        ? AppContext.BaseDirectory : Memory;

    [ModuleInitializer]
    internal static void Use()
    {
        if (Environment.GetEnvironmentVariable("TMPDIR") is null && Directory.Exists(Memory)
            && new DriveInfo(Memory).AvailableFreeSpace > Needed)
            Environment.SetEnvironmentVariable("TMPDIR", Memory);
    }
}
