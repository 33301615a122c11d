using System.Diagnostics;
using System.Globalization;
using Cote.Notices;
using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cote.Tests.Notices;

/// <summary>What hangs, what waits meanwhile, and what is removed.</summary>
public sealed class PushFlightTests(PushApp shared) : IClassFixture<PushApp>, IAsyncLifetime
{
    readonly CoteApp _app = shared.App;
    readonly FakePushServer _service = shared.Service;
    readonly List<CoteClient> _people = [];
    readonly List<TestBrowser> _browsers = [];
    readonly TaskCompletionSource _answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _hanging;
    int _cut;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _answers.TrySetResult();
        _service.Answer = (_, _) => Task.FromResult(false);
        _service.TokenStatus = 200;
        foreach (var person in _people)
            foreach (var device in (await person.GetAsync("/devices/")).Ok().Json.EnumerateArray())
                (await person.DeleteAsync($"/devices/{device.Text("id")}")).Ok();
        _people.ForEach(x => x.Dispose());
        _browsers.ForEach(x => x.Dispose());
    }

    [Fact]
    public async Task Devices_that_hang_hold_four_tries_of_their_user_and_nobody_else()
    {
        var (_, reply) = await HangAsync(6);
        var grace = await BeginAsync();
        var (_, other) = await grace.GetReplyAsync(shared.Live);

        await _app.MakeDueAsync(grace.Id);
        await _app.NoPushAsync(other.Text("id"));

        _service.Count(_browsers[^1].Id).ShouldBe(1, "it was sent");
        (_hanging, _cut).ShouldBe((4, 0), "they hang still");
        _answers.SetResult();
        foreach (var browser in _browsers[..6])
            browser.Read(await _service.NextAsync(browser.Id)).Text("message_id").ShouldBe(reply);
        await _app.NoPushAsync(reply);
    }

    [Fact]
    public async Task What_is_overdue_is_withdrawn_when_it_is_shown()
    {
        var (ada, reply) = await HangAsync(6);
        var head = (await ada.GetAsync("/sync")).Ok()["cursor"];

        (await ada.GetAsync($"/events?cursor={head}&wait=0")).Ok();

        await _app.NoPushAsync(reply);
        (_hanging, _cut).ShouldBe((4, 0), "two were not sent");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task What_waits_for_long_is_withdrawn_too_when_it_is_shown()
    {
        var time = new HeldTime(TimeSpan.FromDays(1_000));
        await using var own = await LiveApp.StartAsync(
            x =>
            {
                PushApp.Trusting(_service)(x);
                x.Services.AddSingleton<TimeProvider>(time);
            }, PushApp.SettingsOf(_service));
        using var ada = await own.RegisterAsync();
        using var browser = new TestBrowser();
        (await ada.PostAsync("/devices/", browser.Device(_service.Url))).Ok();
        var (_, reply) = await ada.GetReplyAsync(own);
        var outbox = own.App.Services.GetRequiredService<PushOutbox>();
        await outbox.ListWaitingAsync(1, TestContext.Current.CancellationToken);

        time.Shift = TimeSpan.FromHours(2);
        var head = (await ada.GetAsync("/sync")).Ok()["cursor"];
        (await ada.GetAsync($"/events?cursor={head}&wait=0")).Ok();

        await own.App.NoPushAsync(reply.Text("id"));
        await Patience.UntilAsync(() => Task.FromResult(!outbox.IsBusy), "nothing waits");
    }

    [Fact]
    public async Task A_loop_that_stops_lets_what_it_sends_end_and_notes_it()
    {
        var (ada, reply) = await HangAsync(2);
        var loop = _app.Services.GetServices<IHostedService>().OfType<PushLoop>().Single();

        var stopping = loop.StopAsync(CancellationToken.None);
        _answers.SetResult();
        await stopping.InTimeAsync();

        (await _app.CountPushesAsync(reply)).ShouldBe(0);
        (_hanging, _cut).ShouldBe((2, 0), "each was sent once");
        await loop.StartAsync(CancellationToken.None);
        var (_, next) = await ada.GetReplyAsync(shared.Live);
        await _app.MakeDueAsync(ada.Id);
        await _app.NoPushAsync(next.Text("id"));
    }

    [Fact]
    public async Task A_loop_that_stops_cuts_off_what_hangs_and_sends_it_again()
    {
        var (_, reply) = await HangAsync(2);
        var loop = _app.Services.GetServices<IHostedService>().OfType<PushLoop>().Single();

        await loop.StopAsync(CancellationToken.None).InTimeAsync(); // It gives them two seconds, as they do not end.

        (await _app.CountPushesAsync(reply)).ShouldBe(2, "they wait for the next start");
        await Patience.UntilAsync(() => Task.FromResult(Volatile.Read(ref _cut) == 2), "the service is told");
        _answers.SetResult();
        await loop.StartAsync(CancellationToken.None);
        await _app.NoPushAsync(reply);
        await Patience.UntilAsync(
            () => Task.FromResult(_browsers.TrueForAll(x => _service.Count(x.Id) == 2)), "each was tried twice");
    }

    [Fact]
    public async Task A_push_whose_end_cannot_be_noted_gives_its_place_back_and_is_sent_again()
    {
        var (ada, reply) = await HangAsync(4);
        var faults = FaultsOf(_app);

        // What is due is found without this column, and nothing is noted.
        await _app.SetRowsAsync("alter table pushes rename column seq to lost_seq");
        _answers.SetResult();
        await Patience.UntilAsync(() => Task.FromResult(FaultsOf(_app) == faults + 4), "none of the four is noted");
        await _app.SetRowsAsync("alter table pushes rename column lost_seq to seq");

        (await _app.CountPushesAsync(reply)).ShouldBe(4);
        await _app.MakeDueAsync(ada.Id); // Their leases would lapse in a minute.
        await _app.NoPushAsync(reply);
        _browsers.Select(x => _service.Count(x.Id)).ShouldBe([2, 2, 2, 2]);

        static int FaultsOf(CoteApp app) =>
            app.Logs.Count(x => x.Contains($" {nameof(PushLoop)} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_gives_out_no_tokens_is_asked_once_for_many_pushes()
    {
        _service.TokenStatus = 503;
        var ada = await BeginAsync();
        foreach (var n in Enumerable.Range(0, 3))
            (await ada.PostAsync("/devices/", new { kind = "fcm", token = $"{n}-{_browsers[^1].Id}" })).Ok();
        var (_, reply) = await ada.GetReplyAsync(shared.Live);

        await _app.MakeDueAsync(ada.Id);
        await Patience.UntilAsync(async () => (await TriesAsync(reply.Text("id"))) is { Count: 3 } tries
            && tries.All(x => x > 1), "each is tried again");

        _service.Assertions.Count.ShouldBe(1);
        _service.Count(_browsers[^1].Id).ShouldBe(1, "the browser has got its push");
    }

    [Fact]
    public async Task What_is_old_or_too_much_is_removed()
    {
        var ada = await BeginAsync();
        var replies = new List<string>();
        foreach (var hours in new[] { 7, 2, 1 })
        {
            var (_, reply) = await ada.GetReplyAsync(shared.Live);
            replies.Add(reply.Text("id"));
            await _app.PlantAsync(string.Create(CultureInfo.InvariantCulture,
                $"update pushes set at = at - {hours * 3_600_000} where message_id = '{replies[^1]}'"));
        }
        var outbox = _app.Services.GetRequiredService<PushOutbox>();

        (await outbox.SweepAsync(100, TestContext.Current.CancellationToken)).ShouldBe(0);
        (await CountsAsync(replies)).ShouldBe([0, 1, 1]);

        (await outbox.SweepAsync(1, TestContext.Current.CancellationToken)).ShouldBe(1);
        (await CountsAsync(replies)).ShouldBe([0, 0, 1]);

        (await outbox.SweepAsync(1, TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task No_service_is_told_the_ids_of_traces()
    {
        using var trace = new Activity("trace").Start();
        using var http = PushHttp.ClientFor(_app.Services.GetRequiredService<Outside>());
        var device = Guid.CreateVersion7().ToString("N");

        using var body = new StringContent("x");
        using var answer = await http.PostAsync(
            new Uri($"{_service.Url}/3/device/{device}"), body, TestContext.Current.CancellationToken);

        Activity.Current.ShouldBe(trace);
        (await _service.NextAsync(device)).Headers.Keys
            .ShouldNotContain(x => x.StartsWith("trace", StringComparison.OrdinalIgnoreCase));
    }

    async Task<CoteClient> BeginAsync()
    {
        var (person, browser) = await shared.BeginAsync();
        _people.Add(person);
        _browsers.Add(browser);
        return person;
    }

    // A person whose devices hang while a reply is pushed to as many as may be.
    async Task<(CoteClient Ada, string Reply)> HangAsync(int devices)
    {
        var ada = await BeginAsync();
        for (var n = 1; n < devices; n++)
        {
            var browser = new TestBrowser();
            _browsers.Add(browser);
            (await ada.PostAsync("/devices/", browser.Device(_service.Url))).Ok();
        }
        var ids = _browsers.Select(x => x.Id).ToList();
        _service.Answer = async (push, http) =>
        {
            if (!_answers.Task.IsCompleted && ids.Any(x => push.Path.EndsWith(x, StringComparison.Ordinal)))
            {
                Interlocked.Increment(ref _hanging);
                using var cut = http.RequestAborted.Register(() => Interlocked.Increment(ref _cut));
                await _answers.Task;
            }
            return false;
        };
        var (_, reply) = await ada.GetReplyAsync(shared.Live);
        await _app.MakeDueAsync(ada.Id);
        await Patience.UntilAsync(
            () => Task.FromResult(Volatile.Read(ref _hanging) >= Math.Min(devices, 4)), "they hang");
        return (ada, reply.Text("id"));
    }

    async Task<List<long>> TriesAsync(string reply) => [.. await _app.Services.GetRequiredService<Database>().ListAsync(
        $"select tries from pushes where message_id = {reply}", row => row.GetInt64(0), CancellationToken.None)];

    async Task<List<long>> CountsAsync(List<string> replies)
    {
        var counts = new List<long>();
        foreach (var reply in replies)
            counts.Add(await _app.CountPushesAsync(reply));
        return counts;
    }
}
