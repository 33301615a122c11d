using Cote.Primitives;
using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Dialects;

/// <summary><c>Idempotency-Key</c>: the same key is the same answer, and one call of the model.</summary>
public sealed class GatewayKeyTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Theory]
    [InlineData("")]
    [InlineData(""","stream":true""")]
    public async Task The_same_key_gets_the_same_answer(string rest)
    {
        using var ada = await live.RegisterAsync();
        using var bob = await live.RegisterAsync();
        var play = live.Play(rest.Length > 0 ? FakeReply.Text("a", "b") : OpenAIClient.Whole("ab"));

        var first = (await ada.CompleteAsync(play.Body(rest), "key 1")).Ok();
        var again = (await ada.CompleteAsync(play.Body(rest), "key 1")).Ok();

        again.Text.ShouldBe(first.Text);
        again.Header("Content-Type").ShouldBe(first.Header("Content-Type"));
        (first.Header("Idempotent-Replayed"), again.Header("Idempotent-Replayed")).ShouldBe((null, "true"));
        play.Calls.ShouldBe(1);
        (await ada.CallsAsync(1)).Number("calls").ShouldBe(1);
        (await bob.CompleteAsync(play.Body(rest), "key 1")).Ok().Header("Idempotent-Replayed")
            .ShouldBeNull("a key is its user's");
        (await ada.CompleteAsync(play.Body(rest), "key 2")).Ok();
        play.Calls.ShouldBe(3);
        (await live.App.RowsAsync())["repeated_calls"].ShouldAllBe(x => !x.Contains("key 1"));
    }

    [Fact]
    public async Task Another_body_is_a_conflict()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole());
        (await ada.CompleteAsync(play.Body(), "k")).Ok();

        (await ada.CompleteAsync(play.Body(""","seed":1"""), "k"))
            .ShouldBeError(409, "idempotency_conflict", mayRetry: false);
        (await ada.CompleteAsync(play.Body(), new string('k', 256))).ShouldBeError(400, "invalid_value");
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task One_that_comes_while_the_first_is_made_waits_for_it_and_the_first_may_leave()
    {
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("so far").ThenWaitFor(gate).Then(" and on"));
        var body = play.Body(""","stream":true""");
        using var http = new HttpClient();
        using var gone = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(live.App.Url, OpenAIClient.Chat))
        {
            Content = new StringContent(body, null, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", ada.Token);
        request.Headers.Add("Idempotency-Key", "k");
        var first = http.SendAsync(request, HttpCompletionOption.ResponseContentRead, gone.Token);
        await gate.Reached.WaitAsync(Patience.Deadline);

        var second = ada.CompleteAsync(body, "k");
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        second.IsCompleted.ShouldBeFalse();
        gate.Open();

        var answer = (await second).Ok();
        answer.Events().Said().ShouldBe("so far and on");
        answer.Events()[^1].ShouldBe("[DONE]");
        answer.Header("Idempotent-Replayed").ShouldBe("true");
        play.Calls.ShouldBe(1);
        (await ada.CallsAsync(1)).Number("output_tokens").ShouldBe(7, "it ran to its end");
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_call_is_made_finds_its_answer_under_the_key()
    {
        await using var app = await LiveApp.StartAsync(
            x => x.Services.AddSingleton<IStartupFilter>(new LeavingClients()));
        using var ada = await app.RegisterAsync();
        var play = app.Play(OpenAIClient.Whole("ab"));

        await ada.SendAsync(HttpMethod.Post, OpenAIClient.Chat, play.Body(), x =>
        {
            x.Headers.Add("Idempotency-Key", "k");
            x.Headers.Add(LeavingClients.Header, "1");
        });
        var again = (await ada.CompleteAsync(play.Body(), "k")).Ok();

        again.Text.ShouldContain("\"ab\"");
        again.Header("Idempotent-Replayed").ShouldBe("true");
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task What_was_refused_for_nothing_may_be_tried_again_and_what_was_billed_may_not()
    {
        using var ada = await live.RegisterAsync();
        var refused = live.Play(FakeReply.Refuse(400), OpenAIClient.Whole());
        var billed = live.Play(FakeReply.Text("so far").ThenNothing(), FakeReply.Text("whole"));
        var stream = billed.Body(""","stream":true""");

        (await ada.CompleteAsync(refused.Body(), "a")).Status.ShouldBe(400);
        (await ada.CompleteAsync(refused.Body(), "a")).Ok();
        var cut = (await ada.CompleteAsync(stream, "b")).Ok();
        var again = (await ada.CompleteAsync(stream, "b")).Ok();

        again.Text.ShouldBe(cut.Text);
        again.Text.ShouldContain("truncated");
        billed.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task Of_a_call_whose_server_went_away_the_key_says_so()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole());
        (await ada.CompleteAsync(play.Body(), "k")).Ok();
        // As a server leaves it that is killed in the middle.
        await Patience.UntilAsync(async () =>
            (await live.App.RowsAsync())["repeated_calls"]
                .Exists(x => x.Contains(ada.Id) && x.Contains("Hello")), "it is kept");
        await live.App.SetRowsAsync(
            $"update repeated_calls set state = 0, until = 1, answer = null, status = null where user_id = '{ada.Id}'");

        (await ada.CompleteAsync(play.Body(), "k")).ShouldBeError(409, "answer_lost", mayRetry: false);
        play.Calls.ShouldBe(1);

        await live.App.SetRowsAsync($"update repeated_calls set at = 1 where user_id = '{ada.Id}'");
        (await ada.CompleteAsync(play.Body(), "k")).Ok().Header("Idempotent-Replayed").ShouldBeNull();
        play.Calls.ShouldBe(2, "after a day the key is free");
    }

    [Fact]
    public async Task An_answer_that_is_too_long_to_be_kept_is_said_to_be()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole(new string('x', 5_000_000)));
        (await ada.CompleteAsync(play.Body(), "k")).Ok().Text.Length.ShouldBeGreaterThan(5_000_000);

        (await ada.CompleteAsync(play.Body(), "k")).ShouldBeError(409, "answer_not_kept", mayRetry: false);
        play.Calls.ShouldBe(1);
    }
}

/// <summary>Clients that are gone, for the server, when it has read all of their request.</summary>
sealed class LeavingClients : IStartupFilter
{
    public const string Header = "X-Leaves";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (http, rest) =>
        {
            using var gone = new CancellationTokenSource();
            if (http.Request.Headers.ContainsKey(Header))
                (http.Request.Body, http.RequestAborted) = (new LastBytes(http.Request.Body, gone), gone.Token);
            await rest(http);
        });
        next(app);
    };

    sealed class LastBytes(Stream body, CancellationTokenSource gone) : AsyncStream
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await body.ReadAsync(buffer, cancellationToken);
            if (count == 0 && buffer.Length > 0)
                await gone.CancelAsync();
            return count;
        }
    }
}
