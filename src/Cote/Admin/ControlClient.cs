using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Cote.Admin;

/// <summary>
/// The other side of the control socket: a command asks the server that runs on the same data directory.
/// </summary>
static class ControlClient
{
    /// <summary>True where a server listens on the socket.</summary>
    public static async Task<bool> IsListeningAsync(string path, CancellationToken ct)
    {
        try
        {
            await using var stream = await ConnectAsync(path, ct);
            return true;
        }
        catch (SocketException) // there is no file, or one of a server that was killed
        {
            return false;
        }
    }

    /// <summary>
    /// Sends a command; <paramref name="readAsync"/> gets its result, a refusal in one sentence is returned.
    /// </summary>
    public static async Task<string?> SendAsync(
        string path, AdminCommand command, JsonObject request, DataOptions data,
        Func<Stream, Task> readAsync, CancellationToken ct)
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, stop) => ConnectAsync(path, stop) };
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri("http://control/control/" + command.Name))
        {
            Content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        if (ControlSocket.DatabaseOf(data) is { } database)
            message.Headers.Add(ControlSocket.DatabaseHeader, Uri.EscapeDataString(database));
        try
        {
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode)
                return SentenceOf(JsonNode.Parse(await response.Content.ReadAsStringAsync(ct))!);
            await readAsync(await response.Content.ReadAsStreamAsync(ct));
            return null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return $"The server did not finish the command: {error.Message}";
        }
    }

    /// <summary>Writes the JSON of a result while it is made, and ends its line.</summary>
    public static async Task CopyAsync(Stream json, TextWriter output, CancellationToken ct)
    {
        using var reader = new StreamReader(json, Encoding.UTF8);
        var buffer = new char[8_192];
        while (await reader.ReadAsync(buffer, ct) is > 0 and var read)
            await output.WriteAsync(buffer.AsMemory(0, read), ct);
        await output.WriteLineAsync();
    }

    static string SentenceOf(JsonNode answer) => answer["detail"] switch
    {
        JsonArray { Count: > 0 } wrong => $"{wrong[0]!["loc"]!.AsArray()[^1]}: {wrong[0]!["msg"]}",
        var detail => detail?.ToString() ?? answer.ToJsonString(),
    };

    static async ValueTask<Stream> ConnectAsync(string path, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
