using Cote.Notices;
using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cote.Tests.Notices;

/// <summary>How webhooks are tried, held and given up.</summary>
public sealed class WebhookDeliveryTests : IAsyncLifetime
{
    readonly ShiftedTime _time = new();
    WebhookReceiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await WebhookReceiver.StartAsync();

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Fact]
    public async Task What_fails_is_sent_again_under_the_same_id()
    {
        var tries = 0;
        _receiver.Answer = (_, http) =>
        {
            http.Response.StatusCode = Interlocked.Increment(ref tries) switch { 1 => 500, 2 => 302, _ => 200 };
            return Task.CompletedTask;
        };
        await using var app = await CoteApp.StartAsync(WebhookSteps.Trust(_receiver), _receiver.Settings());
        using var ada = await app.RegisterAsync();

        var received = await _receiver.NextAsync(_ => true, 3);
        await app.UntilAllAreToldAsync();

        received.Select(x => (x.Id, x.Body)).Distinct().ShouldHaveSingleItem();
        received.ShouldAllBe(x => x.IsSignedBy(WebhookSteps.Secret));
        (await Store(app).ListStatesAsync(Ct)).ShouldHaveSingleItem().FailingSince.ShouldBeNull();
        await app.LoggedAsync("could not be sent to endpoint main: it answered 500");
        tries.ShouldBe(3);
    }

    [Fact]
    public async Task One_endpoint_that_is_slow_holds_no_other()
    {
        await using var fast = await WebhookReceiver.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiver.Answer = (_, _) => gate.Task;
        await using var app = await CoteApp.StartAsync(
            WebhookSteps.Trust(_receiver, fast), [.. _receiver.Settings("slow"), .. fast.Settings("fast")]);
        for (var n = 0; n < 20; n++)
            (await app.RegisterAsync()).Dispose();

        var told = await fast.NextAsync(_ => true, 20);
        _receiver.Received.Count.ShouldBeLessThanOrEqualTo(8);
        gate.SetResult();
        await app.UntilAllAreToldAsync();

        told.Select(x => x.Id).ShouldBeUnique();
        _receiver.Received.Select(x => x.Data("user_id")).Order()
            .ShouldBe(fast.Received.Select(x => x.Data("user_id")).Order());
        _receiver.Received.Select(x => x.Id).Intersect(fast.Received.Select(x => x.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_private_address_gets_nothing()
    {
        await using var app = await CoteApp.StartAsync(
            WebhookSteps.Trust(WebhookPace.Default, _receiver),
            [.. _receiver.Settings(), "Webhooks:main:Allow=10.0.0.0/8"]);
        using var ada = await app.RegisterAsync();

        await Patience.UntilAsync(
            async () => (await Store(app).ListStatesAsync(Ct))[0].FailingSince is not null, "it is tried");

        var state = (await Store(app).ListStatesAsync(Ct)).ShouldHaveSingleItem();
        (state.Endpoint, state.Waiting, state.Failed, state.Fault).ShouldBe(("main", 1, 0, "its address is private"));
        _receiver.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task The_gaps_grow_and_after_a_day_it_is_listed_as_failed()
    {
        TimeSpan[] gaps =
        [
            TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10),
            TimeSpan.FromHours(1), .. Enumerable.Repeat(TimeSpan.FromHours(3), 7),
        ];
        _receiver.Status = 503;
        await using var app = await StartShiftedAsync();
        var began = Clock(app).Now;
        using var ada = await app.RegisterAsync();
        foreach (var (n, gap) in gaps.Index())
        {
            await _receiver.NextAsync(_ => true, n + 1);
            var due = await DueAfterAsync(app, n + 1);
            (due.Milliseconds - gap.TotalMilliseconds).ShouldBeInRange(
                began.Milliseconds, Clock(app).Now.Milliseconds);
            began = Clock(app).Now + gap;
            Move(app, gap);
        }
        await _receiver.NextAsync(_ => true, gaps.Length + 1);
        await Patience.UntilAsync(async () => (await ListFailedAsync(app)).Count == 1, "it is given up");

        var failed = (await ListFailedAsync(app))[0];
        (failed.Endpoint, failed.Type, failed.UserId, failed.Tries, failed.Fault)
            .ShouldBe(("main", "user.created", ada.Id, 13, "it answered 503"));
        await app.LoggedAsync("was given up after 13 tries");
        app.Logs.ShouldContain(x => x.StartsWith("Error") && x.Contains("was given up after 13 tries"));
        (await ListFailedAsync(app, 10, failed)).ShouldBeEmpty("it is the last");
        _receiver.Status = 200;
        (await Store(app).RetryAsync(failed.Id)).ShouldBeTrue();
        Move(app, TimeSpan.FromMinutes(1)); // The endpoint has failed for more than an hour.
        await app.UntilAllAreToldAsync();
        _receiver.Received.Select(x => x.Id).Distinct().ShouldHaveSingleItem();
        _receiver.Received.Count.ShouldBe(14);
        (await Store(app).RetryAsync(failed.Id)).ShouldBeFalse();
    }

    [Fact]
    public async Task An_endpoint_that_has_failed_for_an_hour_is_tried_once_a_minute_until_it_is_back()
    {
        _receiver.Status = 500;
        await using var app = await StartShiftedAsync();
        using var ada = await app.RegisterAsync();
        await _receiver.NextAsync(_ => true);
        await DueAfterAsync(app, 1);

        Move(app, TimeSpan.FromMinutes(61));
        await _receiver.NextAsync(_ => true, 2);
        for (var n = 0; n < 3; n++)
            (await app.RegisterAsync()).Dispose();
        await IsHeldAsync(app);
        _receiver.Received.Count.ShouldBe(2);
        Move(app, TimeSpan.FromSeconds(61));
        await _receiver.NextAsync(_ => true, 3);
        await IsHeldAsync(app);
        _receiver.Received.Count.ShouldBe(3, "one of three that are due");
        _receiver.Status = 200;
        Move(app, TimeSpan.FromSeconds(61));
        await app.UntilAllAreToldAsync();

        _receiver.Received.Count.ShouldBe(3 + 4);
        (await Store(app).ListStatesAsync(Ct))[0].FailingSince.ShouldBeNull();
    }

    [Fact]
    public async Task A_next_try_comes_before_what_is_newer()
    {
        _receiver.Status = 500;
        await using var app = await StartShiftedAsync();
        using var ada = await app.RegisterAsync();
        await DueAfterAsync(app, 1);
        await Loop(app).StopAsync(Ct);
        _time.Shift += TimeSpan.FromSeconds(6);
        for (var n = 0; n < 3; n++)
            (await app.RegisterAsync()).Dispose();
        _time.Shift += TimeSpan.FromSeconds(1);

        (await Store(app).ClaimAsync("main", 1, isProbe: false)).ShouldHaveSingleItem().UserId.ShouldBe(ada.Id);
        (await Store(app).ClaimAsync("main", 9, isProbe: false)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_is_on_its_way_when_the_server_stops_is_not_sent_again()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiver.Answer = (_, _) => gate.Task;
        await using var app = await StartShiftedAsync();
        using var ada = await app.RegisterAsync();
        await _receiver.NextAsync("user.created");

        var stopped = Loop(app).StopAsync(Ct);
        stopped.IsCompleted.ShouldBeFalse();
        gate.SetResult();
        await stopped.InTimeAsync();

        (await app.WebhooksAsync()).ShouldBeEmpty("it is told");
        _receiver.Received.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Of_too_many_the_oldest_are_dropped_and_what_is_old_is_given_up_and_forgotten()
    {
        _receiver.Status = 500;
        await using var app = await StartShiftedAsync();
        var users = new List<string>();
        for (var n = 0; n < 5; n++)
        {
            using var user = await app.RegisterAsync();
            users.Add(user.Id);
            await _receiver.NextAsync("user.created", user.Id);
        }
        // One that is being sent is not among them.
        await Patience.UntilAsync(async () =>
            await TriesAsync(app) is { Count: 5 } tries && tries.All(x => x.Fault is not null), "all have failed");

        (await Store(app).SweepAsync("main", 2, Ct)).ShouldBe(3);
        (await TriesAsync(app)).Select(x => x.UserId).ShouldBe(users[3..], ignoreOrder: true);
        (await Store(app).SweepAsync("main", 2, Ct)).ShouldBe(0);
        var state = (await Store(app).ListStatesAsync(Ct))[0];
        (state.Waiting, state.Dropped).ShouldBe((2, 3));
        _time.Shift += TimeSpan.FromHours(25);
        await Store(app).SweepAsync("main", 2, Ct);
        var failed = await ListFailedAsync(app);
        failed.Select(x => x.UserId).ShouldBe(users[3..], ignoreOrder: true);
        (await ListFailedAsync(app, 1)).ShouldHaveSingleItem().ShouldBe(failed[0]);
        (await ListFailedAsync(app, 1, failed[0])).ShouldHaveSingleItem().ShouldBe(failed[1]);
        (await Store(app).DropAsync(failed[0].Id)).ShouldBeTrue();
        (await Store(app).DropAsync(failed[0].Id)).ShouldBeFalse();
        _time.Shift += TimeSpan.FromDays(29);
        await Store(app).SweepAsync("main", 2, Ct);
        (await ListFailedAsync(app)).ShouldBe([failed[1]]);
        _time.Shift += TimeSpan.FromDays(2);
        await Store(app).SweepAsync("main", 2, Ct);
        (await app.WebhooksAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_waits_is_told_after_a_restart_and_dropped_where_its_endpoint_is_gone()
    {
        _receiver.Status = 500;
        await using var app = await StartShiftedAsync();
        using var ada = await app.RegisterAsync();
        var first = await _receiver.NextAsync("user.created");
        await DueAfterAsync(app, 1);
        _time.Shift += TimeSpan.FromSeconds(6);

        await app.RestartAsync(_receiver.Settings());
        (await _receiver.NextAsync(_ => true, 2))[1].Id.ShouldBe(first.Id);
        await DueAfterAsync(app, 2);
        await app.RestartAsync("Auth:AccessTokenMinutes=5");
        await Patience.UntilAsync(async () =>
        {
            // Where there may be other nodes, one of them may have it configured, until it has not been seen for long.
            await app.SetRowsAsync("update webhook_endpoints set seen_at = 1");
            app.Services.GetServices<IHostedService>().OfType<WebhookSweepLoop>().Single().Wake();
            return app.Logs.Any(x => x.Contains("endpoint main is not configured any more: 1 webhooks"));
        }, "it is gone");

        (await app.WebhooksAsync()).ShouldBeEmpty();
        (await app.RowsAsync())["webhook_endpoints"].ShouldBeEmpty();
    }

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    Task<CoteApp> StartShiftedAsync() => CoteApp.StartAsync(add =>
    {
        // Nothing is found by looking for it.
        WebhookSteps.Trust(WebhookPace.Default with { Every = TimeSpan.FromHours(1) }, _receiver)(add);
        add.Services.AddSingleton<TimeProvider>(_time);
    }, _receiver.Settings());

    static WebhookLoop Loop(CoteApp app) => app.Services.GetServices<IHostedService>().OfType<WebhookLoop>().Single();

    static WebhookStore Store(CoteApp app) => app.Services.GetRequiredService<WebhookStore>();

    static Clock Clock(CoteApp app) => app.Services.GetRequiredService<Clock>();

    static Task<IReadOnlyList<FailedWebhook>> ListFailedAsync(
        CoteApp app, long limit = 10, FailedWebhook? after = null) =>
        Store(app).ListFailedAsync(limit, after is null ? null : (after.FailedAt, after.Id), Ct);

    // Timers run as they do: what is due by the moved clock is looked for.
    void Move(CoteApp app, TimeSpan by)
    {
        _time.Shift += by;
        app.Services.GetRequiredService<Outbox>().Wake();
    }

    static Task<IReadOnlyList<(string UserId, Timestamp DueAt, long Tries, string? Fault)>> TriesAsync(CoteApp app) =>
        app.Services.GetRequiredService<Database>().ListAsync(
            $"select user_id, due_at, tries, fault from webhooks where failed_at is null and lease_until = 0",
            row => (row.GetString(0), new Timestamp(row.GetInt64(1)), row.GetInt64(2), row.GetStringOrNull(3)), Ct);

    // When the only one is due, once its try has failed.
    static async Task<Timestamp> DueAfterAsync(CoteApp app, int tries)
    {
        await Patience.UntilAsync(
            async () => await TriesAsync(app) is [{ Tries: var made }] && made == tries, $"try {tries} has failed");
        return (await TriesAsync(app))[0].DueAt;
    }

    static Task IsHeldAsync(CoteApp app) => Patience.UntilAsync(
        async () => await Store(app).FindDueAsync("main", Ct) is { IsDown: true, DueAt: { } due }
            && due > Clock(app).Now && (await app.WebhooksAsync()).Count == (await TriesAsync(app)).Count,
        "the rest waits");
}
