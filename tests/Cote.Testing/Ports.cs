using System.Net;
using System.Net.Sockets;

namespace Cote.Testing;

/// <summary>Ports of 127.0.0.1 for servers that must come back on the same one.</summary>
public static class Ports
{
    /// <summary>One on which nobody listens.</summary>
    public static int Free()
    {
        // Below the range from which outgoing connections take theirs: while the program is down, nobody else gets it.
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
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
