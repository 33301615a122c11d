using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Cote.Tests.Http;

public sealed class ShutdownTests
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20); // the host itself would wait for 25

    [Fact]
    public async Task A_download_that_is_not_read_and_a_body_that_is_not_finished_do_not_hold_up_a_stop()
    {
        var downloading = new TaskCompletionSource();
        var uploading = new TaskCompletionSource();
        await using var app = await CoteApp.StartAsync(x => x.Map(routes =>
        {
            routes.MapGet("/endless", async http =>
            {
                downloading.TrySetResult();
                while (true)
                    await http.Response.Body.WriteAsync(new byte[100_000], http.RequestAborted);
            });
            routes.MapPost("/half", async http =>
            {
                uploading.TrySetResult();
                await Body.ReadAsync(http);
            });
        }), "--Logging:LogLevel:Default=Debug");
        using var reader = await SendAsync(app.Url, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
        using var writer = await SendAsync(app.Url,
            "POST /half HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"title\":");
        await downloading.Task.WaitAsync(Deadline);
        await uploading.Task.WaitAsync(Deadline);

        var began = Stopwatch.GetTimestamp();
        await app.StopAsync().WaitAsync(Deadline);

        Stopwatch.GetElapsedTime(began).ShouldBeGreaterThan(TimeSpan.FromSeconds(4), "a request in flight has some seconds to end");
        app.Logs.ShouldContain(x => x.Contains("were still busy 5 s after the server began to stop"));
        app.Logs.ShouldContain(x => x.StartsWith("Debug POST /half ended because its connection was closed", StringComparison.Ordinal));
        app.Logs.Where(x => x.StartsWith("Error", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    static async Task<TcpClient> SendAsync(Uri url, string request)
    {
        var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        return client;
    }
}
