using System.Runtime.InteropServices;

namespace Cote.Media.Reading;

/// <summary>
/// Takes from this process, for good, what a parser of hostile files does not need: memory, time and files beyond a
/// bound, the network, writing, other programs and processes. On Linux the kernel holds all of it; elsewhere only the
/// bounds that the system knows.
/// </summary>
static class Sandbox
{
    /// <summary>The most bytes of memory that can be written.</summary>
    public const long MaxMemory = 512 * 1_048_576;

    /// <summary>The most seconds of processor time.</summary>
    public const long MaxSeconds = 20;

    const long MostFiles = 512; // each assembly that is loaded stays open
    const int Politeness = 5;
    const int NoNewPrivileges = 38;
    const long ModeFilter = 1;
    const long AllThreads = 1;

    // Of getrlimit(2); the same on x64 and ARM64 of Linux, and on macOS but for the number of files.
    enum Limit
    {
        Seconds = 0, FileSize = 1, Memory = 2, Core = 4, LinuxFiles = 7, MacFiles = 8,
    }

    /// <summary>Closes it around this process.</summary>
    /// <exception cref="InvalidOperationException">The kernel refuses.</exception>
    public static void Enter()
    {
        if (OperatingSystem.IsWindows())
            return;
        _ = nice(Politeness);
        Set(Limit.Core, 0);
        Set(Limit.FileSize, 0);
        Set(OperatingSystem.IsLinux() ? Limit.LinuxFiles : Limit.MacFiles, MostFiles);
        Set(Limit.Seconds, MaxSeconds);
        Set(Limit.Memory, MaxMemory);
        if (OperatingSystem.IsLinux())
            Filter();
    }

    static void Set(Limit limit, long value)
    {
        if (setrlimit((int)limit, [value, value]) != 0)
            throw Refused($"limit {limit}");
    }

    // Of all threads: the runtime has some already.
    static void Filter()
    {
        if (SyscallFilter.Build(RuntimeInformation.ProcessArchitecture) is not { } program)
            throw new InvalidOperationException(
                $"The system calls of {RuntimeInformation.ProcessArchitecture} are not known.");
        if (prctl(NoNewPrivileges, 1, 0, 0, 0) != 0)
            throw Refused("no new privileges");
        long[] code = [.. program.Instructions.Select(x => (long)x)];
        var instructions = Marshal.AllocHGlobal(code.Length * sizeof(long));
        var header = Marshal.AllocHGlobal(2 * sizeof(long));
        try
        {
            Marshal.Copy(code, 0, instructions, code.Length);
            Marshal.WriteInt64(header, code.Length);
            Marshal.WriteIntPtr(header, sizeof(long), instructions);
            if (syscall(program.SeccompCall, ModeFilter, AllThreads, header) != 0)
                throw Refused("seccomp");
        }
        finally
        {
            Marshal.FreeHGlobal(header);
            Marshal.FreeHGlobal(instructions);
        }
    }

    static InvalidOperationException Refused(string what) =>
        new($"The kernel refuses {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");

#pragma warning disable IDE1006, SYSLIB1054 // libc's own names; the generator needs unsafe code
    [DllImport("libc", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int setrlimit(int resource, long[] limits);

    [DllImport("libc", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int nice(int by);

    [DllImport("libc", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int prctl(int option, long a, long b, long c, long d);

    [DllImport("libc", ExactSpelling = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern long syscall(long number, long a, long b, IntPtr c);
#pragma warning restore IDE1006, SYSLIB1054
}
