using System.Collections.Concurrent;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>Replies whose end was written to a client and is not yet recorded as <c>delivered</c>.</summary>
sealed class Receipts
{
    readonly ConcurrentDictionary<string, string> _users = [];

    /// <summary>Notes that the end of this reply was written to a client of the user.</summary>
    public void Add(string userId, string replyId) => _users.TryAdd(replyId, userId);

    /// <summary>Notes the same of a message where it applies.</summary>
    public void AddIfDue(string userId, Message message)
    {
        if (message.AwaitsDelivery)
            Add(userId, message.Id);
    }

    public IReadOnlyList<(string UserId, string ReplyId)> List() => [.. _users.Select(x => (x.Value, x.Key))];

    public void Remove(string replyId) => _users.TryRemove(replyId, out _);
}

/// <summary>Records <see cref="Receipts"/> every two seconds, with one event transaction for each user.</summary>
sealed class ReceiptLoop(Receipts receipts, MessageStore messages, Clock clock, ILogger<ReceiptLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(2), clock, log)
{
    const int MaxPerBatch = 500;
    const int MaxUsers = 32;

    protected override Task RunRoundAsync(CancellationToken ct) => RecordAsync();

    protected override Task FinishAsync() => RecordAsync();

    // Many users at a time share a commit.
    async Task RecordAsync()
    {
        var marks = receipts.List().GroupBy(x => x.UserId, x => x.ReplyId)
            .SelectMany(user => user.Chunk(MaxPerBatch), (user, replies) => (UserId: user.Key, Replies: replies));
        foreach (var some in marks.Chunk(MaxUsers))
            await Task.WhenAll(some.Select(x => RecordAsync(x.UserId, x.Replies)));
    }

    async Task RecordAsync(string userId, string[] replies)
    {
        await messages.MarkAsync(userId, replies, Statuses.Delivered);
        foreach (var id in replies)
            receipts.Remove(id);
    }
}
