using System.Runtime.InteropServices;

namespace Cote.Media.Reading;

/// <summary>A program of seccomp-bpf.</summary>
/// <param name="SeccompCall">The number of <c>seccomp(2)</c>.</param>
/// <param name="Instructions">As <c>struct sock_filter</c>: code, two jumps, operand.</param>
sealed record SyscallProgram(long SeccompCall, IReadOnlyList<ulong> Instructions);

/// <summary>
/// Which system calls a process may make that parses a hostile file: what reads files and runs threads. It refuses
/// sockets, writing to files, other programs, other processes and the kernel's own interfaces.
/// </summary>
static class SyscallFilter
{
    const uint AuditX64 = 0xC000003E;
    const uint AuditArm64 = 0xC00000B7;
    const uint X32Bit = 0x40000000;

    const ushort Load = 0x20;
    const ushort IfEqual = 0x15;
    const ushort IfAtLeast = 0x35;
    const ushort IfAnyBit = 0x45;
    const ushort Return = 0x06;

    const uint Kill = 0x80000000;
    const uint Allow = 0x7FFF0000;
    const uint AccessDenied = 0x00050000 | 13;
    const uint NotImplemented = 0x00050000 | 38;

    // Offsets in `struct seccomp_data`.
    const uint Number = 0;
    const uint Architecture = 4;
    const uint FirstArgument = 16;
    const uint SecondArgument = 24;
    const uint ThirdArgument = 32;
    const uint HighHalf = 4;

    const uint OfThread = 0x10000; // CLONE_THREAD
    const uint Writes = 0x3 | 0x40 | 0x200 | 0x400; // O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND

    /// <summary>The program for an architecture; null where its system calls are not known.</summary>
    public static SyscallProgram? Build(Architecture architecture) => architecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => new(317, X64()),
        System.Runtime.InteropServices.Architecture.Arm64 => new(277, Arm64()),
        _ => null,
    };

    static List<ulong> X64()
    {
        var code = Begin(AuditX64);
        code.Add(Instruction(IfAtLeast, X32Bit, 0, 1));
        code.Add(Instruction(Return, Kill));
        AllowWhere(code, call: 56, FirstArgument, OfThread);
        RefuseWhere(code, call: 2, SecondArgument, Writes);
        RefuseWhere(code, call: 257, ThirdArgument, Writes);
        RefuseToOthers(code, call: 234);
        AllowReading(code, call: 302);
        RefuseCommands(code, call: 72, Commands);
        RefuseCommands(code, call: 16, [PushInput]);
        // sched_setparam, sched_setscheduler, sched_setaffinity, sched_setattr
        foreach (var call in new uint[] { 142, 144, 203, 314 })
            AllowOnItself(code, call);
        // fork, vfork, execve, execveat, creat; sockets; kill, tkill and their like; ptrace, process_vm_*, kcmp
        Refuse(code, [57, 58, 59, 322, 85, .. Between(41, 55), 288, 299, 307, 62, 200, 129, 297, 101, 310, 311, 312]);
        // Files: unlink, rename, mkdir, rmdir, link, chmod, chown, truncate, mknod, times, attributes, allocation
        Refuse(code, [76, 77, .. Between(82, 84), .. Between(86, 88), .. Between(90, 94), 132, 133, 188, 189, 190, 197,
            198, 199, 235, .. Between(258, 261), .. Between(263, 266), 268, 280, 285, 316]);
        // Mounts and namespaces; memory of others; kernel: bpf, perf, userfaultfd, modules, keys, clocks, limits
        Refuse(code, [155, 161, 163, 164, 165, 166, 272, 308, 319, 29, 30, 31, 64, 68, 240, 321, 298, 323, 175, 313,
            176, 246, 320, 169, .. Between(167, 173), 159, 227, 305, 248, 249, 250, 303, 304, 160, 179, 141, 251, 241]);
        return End(code);
    }

    static List<ulong> Arm64()
    {
        var code = Begin(AuditArm64);
        AllowWhere(code, call: 220, FirstArgument, OfThread);
        RefuseWhere(code, call: 56, ThirdArgument, Writes);
        RefuseToOthers(code, call: 131);
        AllowReading(code, call: 261);
        RefuseCommands(code, call: 25, Commands);
        RefuseCommands(code, call: 29, [PushInput]);
        // sched_setparam, sched_setscheduler, sched_setaffinity, sched_setattr
        foreach (var call in new uint[] { 118, 119, 122, 274 })
            AllowOnItself(code, call);
        // execve, execveat; sockets; kill, tkill and their like; ptrace, process_vm_*, kcmp
        Refuse(code, [221, 281, .. Between(198, 212), 242, 243, 269, 129, 130, 138, 240, 117, 270, 271, 272]);
        // Files: mknod, mkdir, unlink, link, rename, chmod, chown, truncate, times, attributes, allocation
        Refuse(code, [5, 6, 7, 14, 15, 16, .. Between(33, 38), 45, 46, 47, .. Between(52, 55), 88, 276]);
        // Mounts and namespaces; memory of others; kernel: bpf, perf, userfaultfd, modules, keys, clocks, limits
        Refuse(code, [39, 40, 41, 51, 97, 268, 279, 180, 186, 190, 194, 195, 196, 280, 241, 282, 105, 273, 106, 104,
            294, 142, 112, 161, 162, 170, 171, 224, 225, 217, 218, 219, 264, 265, 266, 164, 60, 89, 140, 30, 181]);
        return End(code);
    }

    // The calls since Linux 5.1 have the same numbers everywhere. Those that are not named here are as if unknown, and
    // the C library calls older ones: clone3 among them, whose flags stand in memory.
    static List<ulong> End(List<ulong> code)
    {
        const uint firstNew = 424;
        // close_range, faccessat2, epoll_pwait2, futex_waitv, cachestat, map_shadow_stack, futex_*, mseal
        foreach (var call in new uint[] { 436, 439, 441, 449, 451, 453, 454, 455, 456, 462 })
        {
            code.Add(Instruction(IfEqual, call, 0, 1));
            code.Add(Instruction(Return, Allow));
        }
        code.Add(Instruction(IfAtLeast, firstNew, 0, 1));
        code.Add(Instruction(Return, NotImplemented));
        code.Add(Instruction(Return, Allow));
        return code;
    }

    static List<ulong> Begin(uint architecture) =>
    [
        Instruction(Load, Architecture), Instruction(IfEqual, architecture, 1), Instruction(Return, Kill),
        Instruction(Load, Number),
    ];

    static void Refuse(List<ulong> code, IEnumerable<uint> calls)
    {
        foreach (var call in calls)
        {
            code.Add(Instruction(IfEqual, call, 0, 1));
            code.Add(Instruction(Return, AccessDenied));
        }
    }

    // Refused where the argument has any of these bits, else allowed.
    static void RefuseWhere(List<ulong> code, uint call, uint argument, uint bits) =>
        code.AddRange([
            Instruction(IfEqual, call, 0, 4), Instruction(Load, argument), Instruction(IfAnyBit, bits, 0, 1),
            Instruction(Return, AccessDenied), Instruction(Return, Allow),
        ]);

    static void AllowWhere(List<ulong> code, uint call, uint argument, uint bits) =>
        code.AddRange([
            Instruction(IfEqual, call, 0, 4), Instruction(Load, argument), Instruction(IfAnyBit, bits, 0, 1),
            Instruction(Return, Allow), Instruction(Return, AccessDenied),
        ]);

    // The runtime signals its own threads with tgkill.
    static void RefuseToOthers(List<ulong> code, uint call) =>
        code.AddRange([
            Instruction(IfEqual, call, 0, 4), Instruction(Load, FirstArgument),
            Instruction(IfEqual, (uint)Environment.ProcessId, 0, 1),
            Instruction(Return, Allow), Instruction(Return, AccessDenied),
        ]);

    // Commands of fcntl(2) by which the kernel signals another process, and of ioctl(2) that types at a terminal.
    static readonly uint[] Commands = [8, 10, 15];
    const uint PushInput = 0x5412;

    static void RefuseCommands(List<ulong> code, uint call, uint[] commands)
    {
        code.Add(Instruction(IfEqual, call, 0, (byte)(2 * commands.Length + 2)));
        code.Add(Instruction(Load, SecondArgument));
        foreach (var command in commands)
        {
            code.Add(Instruction(IfEqual, command, 0, 1));
            code.Add(Instruction(Return, AccessDenied));
        }
        code.Add(Instruction(Return, Allow));
    }

    static void AllowOnItself(List<ulong> code, uint call) =>
        code.AddRange([
            Instruction(IfEqual, call, 0, 4), Instruction(Load, FirstArgument), Instruction(IfEqual, 0, 0, 1),
            Instruction(Return, Allow), Instruction(Return, AccessDenied),
        ]);

    // The limits of a process may be read by prlimit64, not set: its third argument is a null pointer then.
    static void AllowReading(List<ulong> code, uint call) =>
        code.AddRange([
            Instruction(IfEqual, call, 0, 6), Instruction(Load, ThirdArgument), Instruction(IfEqual, 0, 0, 3),
            Instruction(Load, ThirdArgument + HighHalf), Instruction(IfEqual, 0, 0, 1),
            Instruction(Return, Allow), Instruction(Return, AccessDenied),
        ]);

    static IEnumerable<uint> Between(uint first, uint last)
    {
        for (var call = first; call <= last; call++)
            yield return call;
    }

    static ulong Instruction(ushort code, uint operand, byte isTrue = 0, byte isFalse = 0) =>
        code | ((ulong)isTrue << 16) | ((ulong)isFalse << 24) | ((ulong)operand << 32);
}
