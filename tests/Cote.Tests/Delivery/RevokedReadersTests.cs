using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary>Whoever is logged out sees nothing more, by whatever way he is still connected.</summary>
public sealed class RevokedReadersTests
{
    [Fact]
    public async Task A_log_out_ends_a_waiting_poll_and_a_reply_stream_as_it_ends_a_socket()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var stolen = await ada.OtherDeviceAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        app.Model.Script = FakeReply.Text("seen").ThenWaitFor(gate).Then(" secret");
        var question = await ada.AskAsync(chat, "Hi");
        var reply = question.GetProperty("reply_id").GetString()!;
        await using var stream = await stolen.StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{reply}/stream");
        while ((await stream.NextAsync())!.Data.GetRawText().Contains("seen", StringComparison.Ordinal) is false)
        {
        }
        var cursor = (await stolen.GetAsync("/events")).Ok()["cursor"];
        var poll = stolen.GetAsync($"/events?cursor={cursor}&wait=60");

        (await stolen.PostAsync("/logout")).Ok();
        var rest = await stream.ToEndAsync();
        gate.Open();
        (await ada.EndOfAsync(chat, reply)).GetProperty("content").GetString().ShouldBe("seen secret");

        rest.ShouldBeEmpty();
        var answer = await poll;
        answer.Text.ShouldNotContain("secret");
    }
}
