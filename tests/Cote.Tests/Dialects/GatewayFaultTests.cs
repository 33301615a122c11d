using System.Text;
using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Dialects;

/// <summary>What goes wrong behind the gateway, before the answer and in the middle of it.</summary>
[Trait("Rows", "none")]
public sealed class GatewayFaultTests(LiveApp live) : IClassFixture<LiveApp>
{
    const string Secret = "sk-secret";

    [Theory]
    [InlineData(400, 400, "refused_by_provider")]
    [InlineData(401, 502, "unauthorized")]
    [InlineData(403, 502, "unauthorized")]
    [InlineData(402, 429, "rate_limit_exceeded")]
    [InlineData(404, 400, "refused_by_provider")]
    public async Task A_refusal_is_mapped_and_never_handed_on(int status, int expected, string code)
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Refuse(status));
        foreach (var rest in (string[])["", ""","stream":true"""])
        {
            var reply = await ada.CompleteAsync(play.Body(rest));

            reply.ShouldBeError(expected, code, mayRetry: false);
            reply.Text.ShouldNotContain(Secret);
            reply.Text.ShouldNotContain("fake_error");
        }
        play.Calls.ShouldBe(2, "what no repetition can mend is not repeated");
        (await ada.CallsAsync(2)).Number("input_tokens").ShouldBe(0, "a refused call used nothing");
        live.App.Logs.ShouldAllBe(x => !x.Contains(Secret) && !x.Contains("sk-test-openai"));
    }

    [Theory]
    [InlineData("""{"error":{"message":"This model's maximum context length is 5","code":"context_length_exceeded"}}""",
        400, "context_length_exceeded")]
    [InlineData("""{"error":{"message":"flagged","code":"content_filter"}}""", 400, "content_filter")]
    public async Task The_meaning_of_a_refusal_is_kept(string body, int status, string code)
    {
        using var ada = await live.RegisterAsync();

        (await ada.CompleteAsync(live.Play(FakeReply.Refuse(400, body)).Body()))
            .ShouldBeError(status, code, mayRetry: false);
    }

    [Fact]
    public async Task The_field_that_a_provider_refuses_is_named_where_it_is_the_clients()
    {
        using var ada = await live.RegisterAsync();
        var named = live.Play(FakeReply.Refuse(400, """{"error":{"message":"bad","param":"logit_bias"}}"""));
        var foreign = live.Play(FakeReply.Refuse(400, """{"error":{"message":"bad","param":"sk-secret"}}"""));

        (await ada.CompleteAsync(named.Body(""","logit_bias":{"1":5}""")))
            .ShouldBeError(400, "refused_by_provider", "logit_bias", mayRetry: false);
        (await ada.CompleteAsync(foreign.Body()))
            .ShouldBeError(400, "refused_by_provider", mayRetry: false);
    }

    [Fact]
    public async Task A_refusal_that_passes_is_repeated_and_is_one_call()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Refuse(500), FakeReply.Refuse(429, null, ("retry-after-ms", "10")),
            OpenAIClient.Whole("at last"));

        (await ada.CompleteAsync(play.Body())).Ok().Text.ShouldContain("at last");

        play.Calls.ShouldBe(3);
        (await ada.CallsAsync(1)).Number("output_tokens").ShouldBe(9);
    }

    [Fact]
    public async Task A_provider_that_asks_to_wait_long_is_told_of()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Refuse(429, null, ("Retry-After", "120")));

        var reply = await ada.CompleteAsync(play.Body());

        reply.ShouldBeError(429, "rate_limit_exceeded", mayRetry: false);
        reply.Header("Retry-After").ShouldBe("120");
        play.Calls.ShouldBe(1);
    }

    [Theory]
    [InlineData("cut", "truncated")]
    [InlineData("nothing", "truncated")]
    [InlineData("error", "bad_upstream")]
    [InlineData("overloaded", "rate_limit_exceeded")]
    [InlineData("garbage", "bad_upstream")]
    public async Task A_fault_in_the_middle_is_the_last_event_of_a_stream_that_never_says_done(string how, string code)
    {
        using var ada = await live.RegisterAsync();
        var begun = FakeReply.Text("so far");
        var play = live.Play(how switch
        {
            "cut" => FakeReply.Bytes(Encoding.ASCII.GetBytes(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n"
                + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"so far\"}}]}\n\n")),
            "nothing" => begun.ThenNothing(),
            "garbage" => begun.ThenRaw("{sk-secret"),
            "overloaded" => begun.ThenError("overloaded_error"),
            _ => begun.ThenError("server_error"),
        });

        var reply = (await ada.CompleteAsync(play.Body(""","stream":true"""))).Ok();

        var events = reply.Events();
        events.SkipLast(1).Said().ShouldBe("so far");
        JsonElement.Parse(events[^1]).GetProperty("error").Text("code").ShouldBe(code);
        reply.Text.ShouldNotContain("[DONE]");
        reply.Text.ShouldNotContain(Secret);
        play.Calls.ShouldBe(1, "what was begun is not begun again");
        var sums = await ada.CallsAsync(1);
        sums.Number("output_tokens").ShouldBeGreaterThan(0, "the model has run");
    }

    [Fact]
    public async Task An_error_inside_a_200_is_an_error()
    {
        using var ada = await live.RegisterAsync();
        var page = FakeReply.Page("""{"error":{"message":"sk-secret","code":401}}""", "application/json");

        foreach (var rest in (string[])["", ""","stream":true"""])
        {
            var reply = await ada.CompleteAsync(live.Play(page).Body(rest));
            reply.Status.ShouldBe(502);
            reply.Text.ShouldNotContain(Secret);
        }
        (await ada.CompleteAsync(live.Play(FakeReply.Page("<html>sk-secret</html>")).Body()))
            .ShouldBeError(502, "bad_upstream", mayRetry: false);
        (await ada.CompleteAsync(live.Play(FakeReply.Page("{}", "application/json")).Body()))
            .ShouldBeError(502, "bad_upstream", mayRetry: false);
    }

    [Fact]
    public async Task Silence_is_a_timeout_before_the_first_word_and_after_it()
    {
        await using var app = await LiveApp.StartAsync(
            "Assistants:FirstTokenSeconds=4", "Assistants:StallSeconds=1");
        using var ada = await app.RegisterAsync();
        var (before, after) = (app.Play(FakeReply.Text().ThenStall()), app.Play(FakeReply.Text("so far").ThenStall()));

        var first = await ada.CompleteAsync(before.Body(""","stream":true"""));
        var later = (await ada.CompleteAsync(after.Body(""","stream":true"""))).Ok().Events();

        // The role came in a frame of its own, and is no answer.
        JsonElement.Parse(first.Events()[^1]).GetProperty("error").Text("code").ShouldBe("timeout");
        JsonElement.Parse(later[^1]).GetProperty("error").Text("code").ShouldBe("timeout");
        later.SkipLast(1).Said().ShouldBe("so far");
    }

    [Fact]
    public async Task A_server_that_stops_cuts_streams_and_a_key_says_what_became_of_its_call()
    {
        await using var app = await LiveApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var gate = new Gate();
        var play = app.Play(FakeReply.Text("so far").ThenWaitFor(gate));
        var silent = app.Play(FakeReply.After(gate));
        await using var stream = await ada.StreamAsync(HttpMethod.Post, "/v1/chat/completions",
            play.Body(""","stream":true"""), x => x.Headers.Add("Idempotency-Key", "k"));
        var whole = ada.CompleteAsync(silent.Body());
        await play.NextCallAsync();
        await silent.NextCallAsync();
        // What has not begun is answered by a 503: a stream is cut once its reader has some of it.
        while (!(await stream.NextRawAsync()).ShouldNotBeNull().Contains("so far", StringComparison.Ordinal))
        {
        }
        await Patience.UntilAsync(async () =>
            (await app.App.RowsAsync())["calls"].Count == 2, "both calls are rows");

        await app.App.RestartAsync();

        await Should.ThrowAsync<IOException>(async () =>
        {
            while (await stream.NextRawAsync() is not null)
            {
            }
        });
        (await whole).ShouldBeError(503, "shutting_down", mayRetry: false);
        using var again = new CoteClient(app.App.Url) { Token = ada.Token };
        (await again.CompleteAsync(play.Body(""","stream":true"""), "k"))
            .ShouldBeError(409, "answer_lost", mayRetry: false);
        play.Calls.ShouldBe(1);
        (await again.CallsAsync(2)).Number("input_tokens").ShouldBeGreaterThan(0, "both were made, and are estimated");
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","stream":true""")]
    public async Task A_client_that_leaves_ends_the_call_of_the_model(string rest)
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("so far").ThenStall());
        using var http = new HttpClient();
        using var gone = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(live.App.Url, OpenAIClient.Chat))
        {
            Content = new StringContent(play.Body(rest), null, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", ada.Token);
        var asked = http.SendAsync(request, HttpCompletionOption.ResponseContentRead, gone.Token);

        var call = await play.NextCallAsync();
        await gone.CancelAsync();

        await call.Closed.WaitAsync(Patience.Deadline);
        await Should.ThrowAsync<OperationCanceledException>(() => asked);
        (await ada.CallsAsync(1)).Number("input_tokens").ShouldBeGreaterThan(0, "it was made, and is estimated");
    }
}
