using System.Diagnostics;
using Cote.Load.Figures;
using Cote.Load.Runs;
using Cote.Load.Wire;

namespace Cote.Load.Loads;

/// <summary>A server that is killed in the middle of a reply and started again at once on the same data.</summary>
static class RestartLoad
{
    const int Shown = 60;
    static readonly Pace Pace = new(150, 50, 20);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>
    /// The figure is the seconds from the SIGKILL to the first text of the next attempt, as a reader sees it who asks
    /// for the reply's stream as soon as the server is ready. A loss is a question that is gone, or a reply whose text
    /// does not come whole.
    /// </summary>
    public static async Task<Sample> KillAsync(Func<Task<Child>> start, Site people)
    {
        using var first = await start();
        using var before = people.At(first.Url);
        var account = before.Accounts[0];
        var chat = await before.CreateChatAsync(account);
        var (reply, attempt) = await WatchAsync(before, account, chat).WaitAsync(Patience);
        var killed = Stopwatch.GetTimestamp();
        first.Dispose();
        using var second = await start();
        var ready = Stopwatch.GetElapsedTime(killed).TotalSeconds;
        using var after = people.At(second.Url);
        var view = new ReplyView();
        double? next = null;
        using (var http = new HttpConnection(after.Address))
        {
            await http.SendAsync(Request.Get($"/chats/{chat}/messages/{reply}/stream", account.Token));
            if (await http.ReadHeadAsync() != 200)
                throw new InvalidOperationException($"the reply's stream was answered with {http.Status}");
            var events = new SseEvents(http);
            while (await events.NextAsync().AsTask().WaitAsync(Patience) is { IsEmpty: false } data)
            {
                view.Apply(Seen.Read(data.Span), Pace.Tokens);
                if (view.Attempt > attempt && view.Length > 0)
                    next ??= Stopwatch.GetElapsedTime(killed).TotalSeconds;
            }
        }
        var fault = next is null ? "the reply was not taken up" : !view.IsWhole ? "the text did not come whole"
            : await after.CountAsync(account, chat) != 2 ? "the question or its reply is gone" : null;
        var sample = new Sample(next ?? double.NaN, 1, 0, fault is null ? 0 : 1) { Fault = fault };
        sample.Detail["ready_s"] = ready;
        return sample;
    }

    // Asks, and reads until a part of the reply was shown.
    static async Task<(Guid Reply, int Attempt)> WatchAsync(Site site, Account account, string chat)
    {
        using var http = new HttpConnection(site.Address);
        await http.SendAsync(site.Send(account, chat, Pace.Ask));
        if (await http.ReadHeadAsync() != 200)
            throw new InvalidOperationException($"a send was answered with {http.Status}");
        var view = new ReplyView();
        var reply = Guid.Empty;
        var events = new SseEvents(http);
        while (view.Length < Shown * ReplyText.TokenLength)
        {
            var data = await events.NextAsync();
            if (data.IsEmpty || view.Ended)
                throw new InvalidOperationException("the reply ended before its server was killed");
            var seen = Seen.Read(data.Span);
            if (seen.Type == SeenType.Delta)
                reply = seen.Message;
            view.Apply(seen, Pace.Tokens);
        }
        return (reply, view.Attempt);
    }
}
