using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

public sealed class FeedbackTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_reply_is_rated_on_every_device_and_null_takes_it_back()
    {
        using var ada = await _app.RegisterAsync();
        var (chat, question, reply) = await AskAsync(ada);
        await using var socket = await ada.ConnectAsync();
        var path = $"/chats/{chat}/messages/{reply}/feedback";
        var cursor = socket.Cursor;

        var rated = (await ada.PutAsync(path, new { rating = 1, text = "So it is." })).Ok().Json;

        rated.GetProperty("feedback").ToString().ShouldBe("""{"rating":1,"text":"So it is."}""");
        (await socket.NextAsync("message.feedback")).Data.ToString().ShouldBe(
            $$$"""{"chat_id":"{{{chat}}}","message_id":"{{{reply}}}","feedback":{"rating":1,"text":"So it is."}}""");
        (await ada.MessagesAsync(chat))[1].GetProperty("feedback").Number("rating").ShouldBe(1);
        (await ada.GetAsync("/users/me/export")).Text.ShouldContain("So it is.");
        (await ada.PutAsync(path, new { rating = 1, text = "So it is." })).Ok();
        (await ada.PutAsync(path, new { rating = -1 })).Ok().Json.GetProperty("feedback").ToString()
            .ShouldBe("""{"rating":-1}""");
        // Before the next change: a frame shows what holds when it is written.
        (await socket.NextAsync("message.feedback")).Data.GetProperty("feedback").Number("rating").ShouldBe(-1);
        (await ada.PutAsync(path, """{"rating":null,"text":"of no use"}""")).Ok().Json
            .TryGetProperty("feedback", out _).ShouldBeFalse();
        (await socket.NextAsync("message.feedback")).Data.GetProperty("feedback").ValueKind
            .ShouldBe(JsonValueKind.Null);
        (await ada.MessagesAsync(chat))[1].TryGetProperty("feedback", out _).ShouldBeFalse();
        (await ada.MessagesAsync(chat))[0].Text("id").ShouldBe(question);

        // A replay shows it as it is now, and after a deletion as that.
        var polled = (await ada.GetAsync($"/events?cursor={cursor}")).Ok().Json.GetProperty("events");
        polled.EnumerateArray().Where(x => x.Text("type") == "message.feedback").Select(x => x.Text("data", "feedback"))
            .ShouldBe(["", "", ""]);
        (await ada.PutAsync(path, new { rating = 1, text = "my very words" })).Ok();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{reply}")).Ok();
        (await ada.GetAsync($"/events?cursor={cursor}")).Text.ShouldNotContain("message.feedback");
        (await _app.RowsAsync())["messages"].ShouldNotContain(
            x => x.Contains("my very words", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_open_reply_can_be_rated_and_keeps_it_at_its_end()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("bad").ThenWaitFor(gate).Then(" words"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await gate.Reached.InTimeAsync();

        (await ada.PutAsync($"/chats/{chat}/messages/{reply}/feedback", new { rating = -1 })).Ok();
        gate.Open();

        var end = await ada.EndOfAsync(chat, reply);
        (end.Text("content"), end.GetProperty("feedback").Number("rating")).ShouldBe(("bad words", -1L));
    }

    [Theory]
    [InlineData("{}", "body.rating missing")]
    [InlineData("""{"rating":0}""", "body.rating value_error")]
    [InlineData("""{"rating":2}""", "body.rating less_than_equal")]
    [InlineData("""{"rating":"1"}""", "body.rating int_type")]
    [InlineData("""{"rating":true}""", "body.rating int_type")]
    [InlineData("""{"rating":null,"text":7}""", "body.text string_type")]
    [InlineData("""{"rating":1,"text":7}""", "body.text string_type")]
    [InlineData("[]", "body model_attributes_type")]
    public async Task What_is_no_feedback_is_a_422_and_changes_nothing(string body, string wrong)
    {
        using var ada = await _app.RegisterAsync();
        var (chat, question, reply) = await AskAsync(ada);

        (await ada.PutAsync($"/chats/{chat}/messages/{reply}/feedback", body)).ShouldBeWrong(wrong);
        (await ada.PutAsync($"/chats/{chat}/messages/{question}/feedback", new { rating = 1 }))
            .ShouldBeWrong("body.rating value_error");

        (await ada.MessagesAsync(chat)).ShouldAllBe(x => !x.ToString().Contains("feedback"));
        var longest = (int)(await ada.GetAsync("/limits")).Json.Number("max_feedback_length");
        var text = new string('x', longest + 1);
        (await ada.PutAsync($"/chats/{chat}/messages/{reply}/feedback", new { rating = 1, text }))
            .ShouldBeWrong("body.text string_too_long");
    }

    [Fact]
    public async Task Anothers_reply_is_as_one_that_does_not_exist()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var (chat, _, reply) = await AskAsync(ada);

        (await eve.PutAsync($"/chats/{chat}/messages/{reply}/feedback", new { rating = 1 })).ShouldBeNoMessage();
        (await ada.PutAsync($"/chats/{chat}/messages/{Guid.CreateVersion7()}/feedback", new { rating = 1 }))
            .ShouldBeNoMessage();
        (await ada.PutAsync($"/chats/{await ada.CreateChatAsync()}/messages/{reply}/feedback", new { rating = 1 }))
            .ShouldBeNoMessage();
        (await ada.MessageAsync(chat, reply)).TryGetProperty("feedback", out _).ShouldBeFalse();
    }

    static async Task<(string Chat, string Question, string Reply)> AskAsync(CoteClient client)
    {
        var chat = await client.CreateChatAsync();
        var question = await client.AskAsync(chat, "Hi");
        await client.EndOfAsync(chat, question.Text("reply_id"));
        return (chat, question.Text("id"), question.Text("reply_id"));
    }
}
