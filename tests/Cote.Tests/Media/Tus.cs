using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Cote.Tests.Harness;

namespace Cote.Tests.Media;

/// <summary>tus 1.0 as its clients speak it, and a part that hangs.</summary>
static class Tus
{
    public static async Task<string> BeginAsync(CoteClient client, long length, string name)
    {
        var begun = await TusAsync(client, HttpMethod.Post, "/upload/resumable",
            ("Upload-Length", length.ToString(CultureInfo.InvariantCulture)),
            ("Upload-Metadata", "filetype dGV4dA==,filename "
                + Convert.ToBase64String(Encoding.UTF8.GetBytes(name))));
        begun.Status.ShouldBe(201);
        begun.Header("Upload-Expires").ShouldNotBeNull();
        return begun.Header("Location")!;
    }

    public static Task<Reply> HeadAsync(CoteClient client, string upload) => TusAsync(client, HttpMethod.Head, upload);

    public static Task<Reply> TusAsync(
        CoteClient client, HttpMethod method, string path, params (string Name, string Value)[] headers) =>
        client.SendAsync(method, path, change: request =>
        {
            request.Headers.Add("Tus-Resumable", "1.0.0");
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
        });

    public static Task<Reply> PartAsync(
        CoteClient client, string upload, long offset, byte[] bytes, HttpMethod? method = null,
        params (string Name, string Value)[] headers) =>
        PartAsync(client, upload, offset, bytes, "application/offset+octet-stream", method, headers);

    public static Task<Reply> PartAsync(
        CoteClient client, string upload, long offset, byte[] bytes, string type, HttpMethod? method = null,
        params (string Name, string Value)[] headers) =>
        client.SendAsync(method ?? HttpMethod.Patch, upload, change: request =>
        {
            request.Headers.Add("Tus-Resumable", "1.0.0");
            request.Headers.Add("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture));
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            request.Content = new ByteArrayContent(bytes);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        });

    /// <summary>Begins an upload with its first bytes in the body.</summary>
    public static Task<Reply> CreateWithAsync(
        CoteClient client, long length, string name, byte[] bytes, string type = "application/offset+octet-stream",
        bool isChunked = false) =>
        client.SendAsync(HttpMethod.Post, "/upload/resumable", change: request =>
        {
            request.Headers.Add("Tus-Resumable", "1.0.0");
            request.Headers.Add("Upload-Length", length.ToString(CultureInfo.InvariantCulture));
            request.Headers.Add("Upload-Metadata", "filename " + Convert.ToBase64String(Encoding.UTF8.GetBytes(name)));
            request.Headers.TransferEncodingChunked = isChunked;
            request.Content = new ByteArrayContent(bytes);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        });

    public static async Task<TcpClient> OpenPartAsync(
        CoteApp app, CoteClient client, string upload, long length, string method = "PATCH",
        string headers = "Upload-Offset: 0\r\n")
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, app.Url.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"{method} {upload} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.Token}\r\n"
            + $"Tus-Resumable: 1.0.0\r\n{headers}Content-Type: "
                + $"application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n"));
        return socket;
    }
}
