using Cote.Events;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>
/// Keeps the search index up with the logs of all users, a little at a time: what it lacks a search reads itself, and
/// a send never waits long. One node does it for all.
/// </summary>
sealed class SearchLoop(
    SearchIndex index, SearchStore store, EventLog events, ServerMeter meter, Clock clock, ILogger<SearchLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(1), clock, log)
{
    const int UsersAtOnce = 100;
    const int DocumentsAtOnce = 32;
    const int EventsAtOnce = 200;
    const int UnitsAtOnce = 64 * 1_024;
    const int SmallestShare = 4;
    const int PauseFactor = 3; // of the time that a step took: most of it is left to others
    static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(5);
    static readonly TimeSpan HoldEvery = TimeSpan.FromSeconds(5);

    readonly UsersBehind _behind = new(clock);
    bool _holds;
    long? _heldAt;
    long? _sweptAt;
    string _sweptTo = "";

    protected override bool RunsAtStart => true;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        events.Advanced += Note;
        ChatMetrics.ShowSearch(meter, _behind);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        while (await HoldsAsync())
        {
            if (_sweptAt is not { } at || Clock.Since(at) > SweepEvery)
                await Slices.RunAsync(() => SweepAsync(ct), SweepEvery, Clock, ct);
            if (!await StepAsync(ct))
                return;
        }
        _behind.Clear(); // the node that holds the lease looks after them
        _sweptAt = null;
    }

    protected override async Task FinishAsync()
    {
        events.Advanced -= Note;
        if (_holds)
            await index.LeaveAsync();
    }

    void Note(string userId) => _behind.Note(userId);

    async Task<bool> HoldsAsync()
    {
        if (_heldAt is not { } at || Clock.Since(at) >= HoldEvery)
        {
            _heldAt = Clock.Ticks;
            _holds = false;
            _holds = await index.HoldAsync();
        }
        return _holds;
    }

    // What no notification told: of all users at the start and after another node, then of slices once in a while.
    // False where it was the last one.
    async Task<bool> SweepAsync(CancellationToken ct)
    {
        var after = _sweptAt is null ? "" : _sweptTo;
        var last = _sweptAt is null ? null : await events.EndOfUsersAsync(after, ct);
        while (true)
        {
            var users = await index.ListBehindAsync(after, last, 1_000, ct);
            foreach (var user in users)
                _behind.NoteReady(user);
            if (users.Count < 1_000)
                break;
            after = users[^1];
        }
        (_sweptAt, _sweptTo) = (Clock.Ticks, last ?? "");
        return last is not null;
    }

    // One write for some of the users that are behind; false where none are. Each has a share of it, so that one with a
    // long history does not hold up all others.
    async Task<bool> StepAsync(CancellationToken ct)
    {
        var users = _behind.Take(UsersAtOnce);
        if (users.Count == 0)
            return false;
        try
        {
            var began = Clock.Ticks;
            var (steps, unfinished) = (new List<SearchStep>(), new List<string>());
            var (room, share) = (DocumentsAtOnce, Math.Max(SmallestShare, DocumentsAtOnce / users.Count));
            var marks = await store.ListMarksAsync(users, ct);
            foreach (var mark in marks.OrderBy(x => users.IndexOf(x.UserId)))
                if (room <= 0)
                    _behind.NoteReady(mark.UserId);
                else if (await StepOfAsync(mark, Math.Min(share, room), ct) is { } step)
                {
                    steps.Add(step);
                    room -= step.Added.Count + step.Removed.Count;
                    if (step.To.Goal > 0 || step.To.Mark < step.To.Head)
                        unfinished.Add(mark.UserId);
                }
            if (steps.Count > 0 && !await index.CommitAsync(steps, ct))
                unfinished = [.. steps.Select(x => x.From.UserId)];
            var pause = Clock.Since(began) * PauseFactor;
            unfinished.ForEach(_behind.NoteReady); // behind those that had no turn yet
            await Task.Delay(pause < LongestPause ? pause : LongestPause, Clock.Provider, ct);
            return true;
        }
        catch
        {
            users.ForEach(_behind.NoteReady);
            throw;
        }
    }

    async Task<SearchStep?> StepOfAsync(SearchMark mark, int room, CancellationToken ct)
    {
        if (mark.Number == 0)
        {
            await index.BeginAsync(mark.Tail == 0 && mark.Head <= SearchMark.MostEvents ? mark : Anew(mark));
            mark = await store.FindMarkAsync(mark.UserId, ct);
            if (mark.Number == 0)
                return null; // the account is erased, or another user got the number: the next sweep tells
        }
        if (mark.Goal > 0)
            return mark.Place[0] == 'm' ? await RereadMessagesAsync(mark, room, ct) : await RereadTitlesAsync(mark, ct);
        if (mark.Mark < mark.Tail)
            return new(mark, Anew(mark));
        return mark.Mark < mark.Head ? await FollowAsync(mark, room, ct) : null;
    }

    // The newest first: their ids ascend with time.
    async Task<SearchStep> RereadMessagesAsync(SearchMark mark, int room, CancellationToken ct)
    {
        var page = await index.ListIdsAsync(mark.UserId, mark.Place[1..], room, ct);
        var missing = await index.ListMissingAsync(mark.UserId, index.AreMessages(page), room, ct);
        missing = [.. missing.OrderByDescending(x => x.MessageId, StringComparer.Ordinal)];
        var added = Cut(missing);
        var place = added.Count < missing.Count ? "m" + added[^1].MessageId
            : page.Count == room ? "m" + page[^1] : "c~";
        return new(mark, mark with { Place = place }) { Added = added };
    }

    async Task<SearchStep> RereadTitlesAsync(SearchMark mark, CancellationToken ct)
    {
        var titles = await index.ListTitlesAsync(
            mark.UserId, $"c.id < {mark.Place[1..]} order by c.id desc", EventsAtOnce, ct);
        return new(mark, titles.Count == EventsAtOnce ? mark with { Place = "c" + titles[^1].ChatId }
            : mark with { Mark = mark.Goal, Goal = 0, Place = "" })
        {
            Added = titles,
        };
    }

    // The mark moves once nothing of the events is left to do: whatever is cut off before is found again.
    async Task<SearchStep> FollowAsync(SearchMark mark, int room, CancellationToken ct)
    {
        var next = WithAtMost(Math.Max(1, room - 1), await index.ListEventsAsync(mark, EventsAtOnce, ct));
        IEnumerable<string> chatsOf(params string[] types) =>
            next.Where(x => types.Contains(x.Type)).Select(x => x.ChatId).Distinct();
        if (chatsOf(EventTypes.ChatDeleted).ToList() is { Count: > 0 } deleted
            && await index.ListPlacesAsync(mark.UserId, deleted, room, ct) is { Count: > 0 } removed)
            return new(mark, mark) { Removed = removed };
        var sent = next.Where(x => x is { Type: EventTypes.Message, MessageId: not null }).Select(x => x.MessageId!);
        var missing = await index.ListMissingAsync(mark.UserId, index.AreMessages(sent), room, ct);
        // A chat that was imported or copied appears with all of its messages. Of a new one they may be the same.
        if (missing.Count < room && chatsOf(EventTypes.ChatCreated).ToList() is { Count: > 0 } appeared)
            missing = [.. missing.UnionBy(
                await index.ListMissingAsync(mark.UserId, index.AreOfChats(appeared), room, ct), x => x.MessageId)];
        var added = Cut([.. missing.Take(room)]);
        if (added.Count < missing.Count || missing.Count >= room)
            return new(mark, mark) { Added = added };
        var titles = await index.ListTitlesAsync(mark.UserId,
            index.IsOneOf(chatsOf(EventTypes.ChatCreated, EventTypes.ChatUpdated)), EventsAtOnce, ct);
        return new(mark, mark with { Mark = next is [.., var last] ? last.Seq : mark.Head })
        {
            Added = [.. added, .. titles],
        };
    }

    // Events up to the one that would bring another message than those which one step takes.
    static List<(long Seq, string Type, string ChatId, string? MessageId)> WithAtMost(
        int messages, IReadOnlyList<(long Seq, string Type, string ChatId, string? MessageId)> events)
    {
        var sent = new HashSet<string>(messages);
        return [.. events.TakeWhile(x => x is not { Type: EventTypes.Message, MessageId: { } id }
            || sent.Contains(id) || sent.Count < messages && sent.Add(id))];
    }

    static SearchMark Anew(SearchMark mark) => mark with { Goal = mark.Head, Place = "m~" };

    // As many as one write takes without holding others up, but one at least.
    static IReadOnlyList<SearchDocument> Cut(IReadOnlyList<SearchDocument> documents)
    {
        var units = 0;
        return [.. documents.TakeWhile((x, i) => (units += x.Text.Length) <= UnitsAtOnce || i == 0)];
    }
}
