using System.Text.Json;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Faults;

/// <summary>
/// Everything a model may do wrong, seen from the client: how the reply ends, what is kept, how often the model was
/// called.
/// </summary>
public sealed class ModelFaultTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    public static TheoryData<string> Wires => ["openai", "anthropic"];

    /// <summary>Faults that are not tried again, or end after text was shown: one call each.</summary>
    public static TheoryData<string, string, string, string, string> Once
    {
        get
        {
            var data = new TheoryData<string, string, string, string, string>();
            foreach (var wire in new[] { "openai", "anthropic" })
            {
                data.Add(wire, "refused 401", "unauthorized", "", "delivered");
                data.Add(wire, "refused 403", "unauthorized", "", "delivered");
                data.Add(wire, "refused 400", "bad_upstream", "", "delivered");
                data.Add(wire, "refused 404", "bad_upstream", "", "delivered");
                data.Add(wire, "context", "context_too_long", "", "delivered");
                data.Add(wire, "quota", "rate_limited", "", "delivered");
                data.Add(wire, "long Retry-After", "rate_limited", "", "delivered");
                data.Add(wire, "no finish reason", "truncated", "kept", "read");
                data.Add(wire, "garbage", "bad_upstream", "", "delivered");
                data.Add(wire, "page", "bad_upstream", "", "delivered");
                data.Add(wire, "garbage after text", "bad_upstream", "kept", "read");
                data.Add(wire, "error after text", "bad_upstream rate_limited", "kept", "read");
            }
            return data;
        }
    }

    static FakeReply Fault(string name) => name switch
    {
        "refused 401" => FakeReply.Refuse(401),
        "refused 403" => FakeReply.Refuse(403),
        "refused 400" => FakeReply.Refuse(400),
        "refused 404" => FakeReply.Refuse(404),
        "context" =>
            FakeReply.Refuse(
            400, """{"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"prompt is too long: sk-secret"}}"""),
        "quota" =>
            FakeReply.Refuse(
            429, """{"type":"error","error":{"type":"insufficient_quota","code":"insufficient_quota","message":"sk-secret"}}"""),
        "long Retry-After" => FakeReply.Refuse(429, null, ("Retry-After", "3600")),
        "no finish reason" => FakeReply.Text("kept").ThenNothing(),
        "garbage" => FakeReply.Text().ThenRaw("{garbage"),
        "page" => FakeReply.Page("<html>a proxy</html>"),
        "garbage after text" => FakeReply.Text("kept").ThenRaw("{sk-secret garbage"),
        _ => FakeReply.Text("kept").ThenError("overloaded_error"),
    };

    [Theory, MemberData(nameof(Once))]
    public async Task A_fault_that_trying_again_would_not_mend_ends_the_reply_at_once_and_keeps_its_text(
        string wire, string fault, string codes, string text, string status)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        var play = live.Play(Fault(fault), FakeReply.Text("never asked for"));

        var (question, reply) = await ada.AskForAsync(chat, play);
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("generation", "state").ShouldBe("failed");
        end.Text("generation", "model").ShouldBe(wire + "/fake");
        end.Number("generation", "attempt").ShouldBe(1);
        codes.Split(' ').ShouldContain(end.Text("generation", "error", "code"));
        end.Text("generation", "error", "detail").ShouldNotBeNullOrWhiteSpace();
        end.ToString().ShouldNotContain("sk-secret");
        end.Text("content").ShouldBe(text);
        (await play.NextCallAsync()).Wire.ShouldBe(wire);
        play.Calls.ShouldBe(1);
        (await ada.MessagesAsync(chat))
            .Select(x => x.Text("id")).ShouldBe([question, reply], "a reply that failed is listed too");
        (await ada.MessageAsync(chat, question)).Text("status").ShouldBe(status);
        _app.Logs.ShouldAllBe(x => !x.Contains("sk-secret"));
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_connection_that_breaks_after_text_was_shown_ends_the_reply_with_that_text(string wire)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        await using var socket = await ada.ConnectAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("kept").ThenWaitFor(gate).ThenCut());

        var (_, reply) = await ada.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "kept");
        gate.Open();
        var end = await socket.EndOfAsync(reply);

        end.Text("generation", "state").ShouldBe("failed");
        end.Text("generation", "error", "code").ShouldBeOneOf("bad_upstream", "truncated");
        end.Text("content").ShouldBe("kept");
        play.Calls.ShouldBe(1);
    }

    [Theory]
    [InlineData("openai", "429")]
    [InlineData("anthropic", "429")]
    [InlineData("openai", "500")]
    [InlineData("anthropic", "529")]
    [InlineData("openai", "cut")]
    [InlineData("anthropic", "cut")]
    [InlineData("openai", "nothing")]
    [InlineData("anthropic", "nothing")]
    public async Task A_fault_before_the_first_word_is_tried_again_and_takes_nothing_back(string wire, string fault)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        var gate = new Gate(); // it ends when its text was shown
        var play = live.Play(fault switch
        {
            "429" => FakeReply.Refuse(429, null, ("Retry-After", "1")),
            "500" => FakeReply.Refuse(500),
            "529" => FakeReply.Refuse(529),
            "cut" => FakeReply.Text().ThenCut(),
            _ => FakeReply.Text().ThenNothing(),
        }, FakeReply.Text("Hello", " again").ThenWaitFor(gate));
        await using var socket = await ada.ConnectAsync();

        var (question, reply) = await ada.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "Hello again");
        gate.Open();
        var end = await socket.EndOfAsync(reply);

        end.Text("content").ShouldBe("Hello again");
        end.Text("generation", "state").ShouldBe("completed");
        end.Number("generation", "attempt").ShouldBe(1);
        end.GetProperty("generation").TryGetProperty("error", out _).ShouldBeFalse();
        // What the provider refused used nothing; what broke off may have been paid.
        var isRefused = fault is not ("cut" or "nothing");
        var usage = end.GetProperty("generation").GetProperty("usage");
        usage.TryGetProperty("estimated", out _).ShouldBe(!isRefused);
        (usage.Number("input_tokens") > 11).ShouldBe(!isRefused);
        // Anthropic counts one at the start, which may come before the cut or not.
        usage.Number("output_tokens").ShouldBeInRange(
            fault == "nothing" && wire == "anthropic" ? 8 : 7, wire == "anthropic" && !isRefused ? 8 : 7);
        play.Calls.ShouldBe(2);
        (await ada.MessageAsync(chat, question)).Text("status").ShouldBe("read");
        var texts = new ReplyTexts();
        foreach (var frame in socket.All.Where(x => x.Type is "message.snapshot" or "message.delta"))
            texts.Apply(frame);
        texts.Faults.ShouldBeEmpty();
        texts[reply].ShouldBe("Hello again");
    }

    [Fact]
    public async Task After_three_retries_it_is_enough()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Refuse(500));

        var (_, reply) = await ada.AskForAsync(chat, play);
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("generation", "state").ShouldBe("failed");
        end.Text("generation", "error", "code").ShouldBe("bad_upstream");
        end.Number("generation", "attempt").ShouldBe(1, "nothing that was shown was taken back");
        play.Calls.ShouldBe(4);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_model_that_falls_silent_times_out_and_its_text_is_kept(string wire)
    {
        await using var own = await LiveApp.StartAsync("Assistants:StallSeconds=1");
        using var ada = await own.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        var play = own.Play(FakeReply.Text("kept").ThenStall());

        var (_, reply) = await ada.AskForAsync(chat, play);
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("generation", "state").ShouldBe("failed");
        end.Text("generation", "error", "code").ShouldBe("timeout");
        end.Text("content").ShouldBe("kept");
        await (await play.NextCallAsync()).Closed.InTimeAsync();
        play.Calls.ShouldBe(1);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_model_that_never_begins_is_left_and_asked_again(string wire)
    {
        // over when the test says so, and for the first call only
        var time = new HeldTime(TimeSpan.FromSeconds(80_000));
        await using var own = await LiveApp.StartAsync(
            x => x.Services.AddSingleton<TimeProvider>(time), "Assistants:FirstTokenSeconds=80000");
        using var ada = await own.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        var play = own.Play(FakeReply.After(new Gate()), FakeReply.Text("there"));

        var (_, reply) = await ada.AskForAsync(chat, play);
        var call = await play.NextCallAsync();
        call.Closed.IsCompleted.ShouldBeFalse();
        time.LetGo();
        await call.Closed.InTimeAsync();
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("content").ShouldBe("there");
        end.Number("generation", "attempt").ShouldBe(1);
        play.Calls.ShouldBe(2);
    }

    // So many seconds of silence are what it takes: each chunk without text comes well within them.
    [Theory, MemberData(nameof(Wires))]
    public async Task Chunks_without_text_do_not_keep_a_model_that_never_begins(string wire)
    {
        await using var own = await LiveApp.StartAsync("Assistants:FirstTokenSeconds=4");
        using var ada = await own.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        var mute = FakeReply.Paced(TimeSpan.FromMilliseconds(50), Enumerable.Repeat("", 100_000));
        var play = own.Play(mute, FakeReply.Text("there"));

        var (_, reply) = await ada.AskForAsync(chat, play);
        await (await play.NextCallAsync()).Closed.InTimeAsync();
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("content").ShouldBe("there");
        play.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task A_model_that_cannot_be_reached_fails_the_reply_and_the_chat_goes_on()
    {
        await using var own = await LiveApp.StartAsync("Assistants:Anthropic:BaseUrl=http://127.0.0.1:1");
        using var ada = await own.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "anthropic");

        var (_, reply) = await ada.AskForAsync(chat, own.Play(FakeReply.Text("never")));
        var (_, next) = await ada.AskForAsync(chat, own.Play(FakeReply.Text("never")));
        (await ada.PatchAsync($"/chats/{chat}", new { model = (string?)null })).Ok();
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("generation", "state").ShouldBe("failed");
        end.Text("generation", "error", "code").ShouldBe("bad_upstream");
        (await ada.PostAsync($"/chats/{chat}/stop")).Ok();
        States(await ada.MessageAsync(chat, next)).ShouldBe("stopped");
    }

    static string States(JsonElement message) => message.Text("generation", "state");
}
