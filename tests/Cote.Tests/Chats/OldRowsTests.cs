using Cote.Chats;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Chats;

/// <summary>Rows that an older version could write and this one cannot.</summary>
public sealed class OldRowsTests
{
    // Before replies had a bound, one could be longer than an answer can carry.
    [Fact]
    [Trait("Stage", "slow")]
    public async Task A_reply_that_is_too_long_to_send_is_cut_wherever_it_is_shown_and_fails_nothing()
    {
        IServiceProvider services = null!;
        await using var app = await CoteApp.StartAsync(x => x.Map(routes => services = routes.ServiceProvider));
        using var ada = await app.RegisterAsync();
        var start = (await ada.GetAsync("/events")).Ok()["cursor"];
        var chat = await ada.CreateChatAsync();
        var reply = (await ada.AskAsync(chat, "Hi")).Text("reply_id");
        await ada.EndOfAsync(chat, reply);
        var batch = new WriteBatch();
        batch.Execute($"update messages set content = {new string('x', 21_000_000)} where id = {reply}");
        (await services.GetRequiredService<Database>().WriteAsync(batch)).ShouldBe(Outcome.Committed);
        await app.RestartAsync(); // nothing is cached
        using var again = new CoteClient(app.Url) { Token = ada.Token };

        (await again.MessageAsync(chat, reply)).Text("content").Length.ShouldBe(Message.LongestContent);
        (await again.MessagesAsync(chat))[^1].Text("content").Length.ShouldBe(Message.LongestContent);
        (await again.GetAsync($"/events?cursor={start}&wait=0")).Ok().Json.GetProperty("events").EnumerateArray()
            .Last(x => x.Text("type") == "message").Text("data", "content").Length.ShouldBe(Message.LongestContent);
        await using (var socket = await again.ConnectAsync(start))
            (await socket.EndOfAsync(reply)).Text("content").Length.ShouldBe(Message.LongestContent);
        (await again.GetAsync("/users/me/export")).Ok().Text.Length.ShouldBeGreaterThan(Message.LongestContent);
        (await again.GetAsync("/sync")).Ok();

        var next = (await again.AskAsync(chat, "And now?")).Text("reply_id");
        (await again.EndOfAsync(chat, next)).Text("generation", "state").ShouldBe("completed");
        (await again.DeleteAsync($"/chats/{chat}/messages/{reply}")).Ok();
    }
}
