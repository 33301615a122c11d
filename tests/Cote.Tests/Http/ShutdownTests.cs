using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Builder;

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
        // So much of it that the rate of the whole holds for longer than the test: else Kestrel ends it for its rate.
        using var writer = await SendAsync(app.Url,
            "POST /half HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                + "40000\r\n\r\n{\"title\":\"" + new string('x', 20_000));
        await downloading.Task.WaitAsync(Deadline);
        await uploading.Task.WaitAsync(Deadline);

        var began = Stopwatch.GetTimestamp();
        await app.StopAsync().WaitAsync(Deadline);

        Stopwatch.GetElapsedTime(began)
            .ShouldBeGreaterThan(TimeSpan.FromSeconds(4), "a request in flight has some seconds to end");
        app.Logs.ShouldContain(x => x.Contains("were still busy 5 s after the server began to stop"));
        app.Logs.ShouldContain(
            x => x.StartsWith("Debug POST /half ended because its connection was closed", StringComparison.Ordinal));
        app.Logs.Where(x => x.StartsWith("Error", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Replies_are_handed_over_before_a_connection_that_is_stuck_is_waited_for()
    {
        var downloading = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        await using var app = await CoteApp.StartAsync(x => x.Map(routes => routes.MapGet("/endless", async http =>
        {
            downloading.TrySetResult();
            http.RequestAborted.Register(() => aborted.TrySetResult());
            while (true)
                await http.Response.Body.WriteAsync(new byte[100_000], http.RequestAborted);
        })), "Assistants:MaxTakeovers=0");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        app.Model.Script = FakeReply.Text("Half a ").ThenWaitFor(gate);
        await using var socket = await ada.ConnectAsync();
        var reply = (await ada.AskAsync(chat, "Well?")).GetProperty("reply_id").GetString()!;
        await socket.ShowsAsync(reply, "Half a ");
        using var reader = await SendAsync(app.Url, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
        await downloading.Task.WaitAsync(Deadline);

        var stop = app.StopAsync();
        await app.Model.Closed.WaitAsync(Deadline);
        await Patience.UntilAsync(async () => await OwnerAsync(app, reply) is null, "a reply without an owner");
        aborted.Task.IsCompleted.ShouldBeFalse("the stuck download is still waited for");
        await stop.WaitAsync(Deadline);

        aborted.Task.IsCompleted.ShouldBeTrue();
        app.Model.Script = FakeReply.Text("Half a reply");
        await app.StartAgainAsync();
        using var later = new CoteClient(app.Url) { Token = ada.Token };
        (await later.EndOfAsync(chat, reply))
            .GetProperty("content").GetString().ShouldBe("Half a reply", "it is no takeover");
    }

    static async Task<string?> OwnerAsync(CoteApp app, string reply)
    {
        await using var db = await app.ConnectAsync();
        await using var command = db.CreateCommand();
        command.CommandText = $"select owner from messages where id = '{reply}'";
        return await command.ExecuteScalarAsync() as string;
    }

    static async Task<TcpClient> SendAsync(Uri url, string request)
    {
        var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        return client;
    }
}
