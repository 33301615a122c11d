using System.Diagnostics;
using System.Net.Sockets;
using Cote.Media.Reading;

// Goes into the sandbox and tries to get out, one line for each way.
// It holds none of this process's pipes, which would stay open as long as it lives.
var victim = Process.Start(new ProcessStartInfo("sleep", "10")
{
    RedirectStandardInput = true,
    RedirectStandardOutput = true,
    RedirectStandardError = true,
})!;
using var server = new TcpListener(System.Net.IPAddress.Loopback, 0);
server.Start();
Sandbox.Enter();

Try("read", () => File.ReadAllText("/proc/self/status"));
Try("compute", () => Enumerable.Range(0, 1_000_000).AsParallel().Sum(x => (long)x));
Try("collect", () => GC.Collect());
Try("write", () => File.WriteAllText(args[0], "out"));
Try("append", () => File.AppendAllText(args[1], "out"));
Try("delete", () => File.Delete(args[1]));
Try("move", () => File.Move(args[1], args[0]));
Try("folder", () => Directory.CreateDirectory(args[0]));
Try("link", () => File.CreateSymbolicLink(args[0], "/etc/passwd"));
Try("mode", () => File.SetUnixFileMode(args[1], UnixFileMode.UserExecute));
Try("tcp", () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp).Dispose());
Try("unix", () => new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified).Dispose());
Try("accept", () => server.Server.Accept());
Try("execute", () => Process.Start("/bin/true"));
Try("kill", () => victim.Kill());
Try("slow down", () => victim.PriorityClass = ProcessPriorityClass.Idle);
Try("memory", () => Fill(600));
return 0;

static void Try(string what, Action way)
{
    try
    {
        way();
        Console.WriteLine($"{what}: done");
    }
#pragma warning disable CA1031 // Whatever it is, it is no way out.
    catch (Exception error)
#pragma warning restore CA1031
    {
        Console.WriteLine($"{what}: {(error is OutOfMemoryException ? "out of memory" : "refused")}");
    }
}

static void Fill(int megabytes)
{
    var held = new List<byte[]>();
    for (var i = 0; i < megabytes; i++)
    {
        held.Add(new byte[1_048_576]);
        held[^1].AsSpan().Fill(1);
    }
}
