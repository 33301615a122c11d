using System.Runtime.InteropServices;

namespace Cote.Testing;

/// <summary>What one process says to another.</summary>
public enum Signal
{
    None = 0, Hup = 1, Int = 2, Quit = 3, Kill = 9, Term = 15, Cont = 18, Stop = 19,
}

/// <summary>Sends them.</summary>
public static partial class Signals
{
    /// <summary>False where there is no such process, or it is not ours.</summary>
    public static bool Send(this Signal signal, int pid) => Kill(pid, (int)signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}
