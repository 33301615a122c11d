using System.Threading.Channels;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>Clears away in the background what was deleted, a little at a time: a big deletion must not hold the writer.</summary>
sealed class PurgeDeletedLoop(MessageStore messages, MessagesOptions options, Clock clock, ILogger<PurgeDeletedLoop> log) : BackgroundService
{
    const int UnitRows = 1_000;
    static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is something to clear away.</summary>
    public void Wake() => _wakes.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await messages.BlankAsync(UnitRows) && !stoppingToken.IsCancellationRequested)
                    await Task.Yield();
                var before = clock.Now - TimeSpan.FromDays(options.RememberDeletedDays);
                while (await messages.ForgetAsync(before, UnitRows) && !stoppingToken.IsCancellationRequested)
                    await Task.Yield();
            }
            catch (ProblemException error)
            {
                log.LogWarning(error, "What was deleted could not be cleared away yet");
            }
            using var rest = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            rest.CancelAfter(Every);
            try
            {
                await _wakes.Reader.ReadAsync(rest.Token);
            }
            catch (OperationCanceledException)
            {
                // time for a round, or to go
            }
        }
    }
}
