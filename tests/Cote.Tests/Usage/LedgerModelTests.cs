using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Usage;

/// <summary>A row of the ledger is of the model that was called, and of one call.</summary>
public sealed class LedgerModelTests
{
    [Fact]
    public async Task A_chat_whose_model_is_gone_is_answered_and_paid_by_the_one_that_answers()
    {
        await using var live = await LiveApp.StartAsync(Ledgers.Priced);
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await live.App.WriteAsync($"update chats set model = 'gone/model' where id = '{chat}'");

        var end = await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, live.Play(FakeReply.Text("a")))).Reply);

        end.Text("generation", "model").ShouldBe("openai/fake");
        end.GetProperty("generation").GetProperty("usage").TryGetProperty("cost_usd", out _).ShouldBeTrue();
        var used = await ada.UsageAsync("model");
        (used.Text("model"), used.Number("calls"), used.Number("unpriced_calls")).ShouldBe(("openai/fake", 1, 0));
    }

    [Fact]
    public async Task A_stop_in_the_pause_before_a_retry_leaves_one_call_which_is_counted_once()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Refuse(429, null, ("Retry-After", "9")), FakeReply.Text("never"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await Patience.UntilAsync(
            async () => await live.App.CountAsync("select count(*) from calls") == 2, "the next call has its row");

        (await ada.PostAsync($"/chats/{chat}/stop", new { })).Ok();

        await ada.EndOfAsync(chat, reply);
        (await ada.UsageAsync()).Number("calls").ShouldBe(1);
        play.Calls.ShouldBe(1);
    }
}
