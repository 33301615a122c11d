using Cote.Delivery;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>Records as delivered the replies whose end was written to a client: every two seconds, one unit a user.</summary>
sealed class ReceiptLoop(Hub hub, MessageStore messages, Clock clock, ILogger<ReceiptLoop> log) : BackgroundService
{
    const int MostInUnit = 500;
    static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock.Provider);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RecordAsync();
        }
        catch (OperationCanceledException)
        {
            await RecordAsync();
        }
    }

    async Task RecordAsync()
    {
        try
        {
            foreach (var user in hub.Delivered.ToArray().GroupBy(x => x.Value.UserId))
                foreach (var some in user.Chunk(MostInUnit))
                {
                    await messages.MarkAsync(user.Key, some.Select(x => x.Key), Statuses.Delivered);
                    foreach (var (id, _) in some)
                        hub.Delivered.TryRemove(id, out _);
                }
        }
        catch (ProblemException error)
        {
            log.LogWarning(error, "What was delivered could not be recorded yet");
        }
    }
}
