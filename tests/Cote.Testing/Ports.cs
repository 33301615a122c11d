using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Cote.Testing;

/// <summary>Ports of 127.0.0.1 for servers that must come back on the same one.</summary>
public static class Ports
{
    static readonly HashSet<int> Given = [];

    // The projects run beside each other, and a port is bound long after it was looked for.
    static readonly string[] Projects = ["Cote.BlackBox", "Cote.Tests", "Cote.Tests.Postgres"];
    static readonly int First = 20_000
        + (4_000 * Math.Max(0, Array.IndexOf(Projects, Assembly.GetEntryAssembly()?.GetName().Name)));

    /// <summary>One on which nobody listens, and that no other test of this process has got.</summary>
    public static int Free()
    {
        // Below the range from which outgoing connections take theirs: while the program is down, nobody else gets it.
        while (true)
        {
            var port = Random.Shared.Next(First, First + 4_000);
            lock (Given)
                if (!Given.Add(port))
                    continue;
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // taken: another one
            }
        }
    }
}
