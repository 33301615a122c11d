using Cote.Primitives;

namespace Cote.Tests.Primitives;

public sealed class FairSlotsTests
{
    [Fact]
    public async Task Users_that_wait_take_turns()
    {
        var slots = new FairSlots(1);
        await slots.AcquireAsync("ada", CancellationToken.None);
        List<string> order = [];
        List<Task> waiting = [];
        foreach (var user in new[] { "ada", "ada", "ada", "bob", "eve", "bob" })
            waiting.Add(WaitAsync(user));

        for (var i = 0; i < waiting.Count; i++)
        {
            slots.Release();
            await Patience.UntilAsync(() => Task.FromResult(order.Count == i + 1), "the next one has the slot");
        }

        order.ShouldBe(["ada", "bob", "eve", "ada", "bob", "ada"]);
        await Task.WhenAll(waiting);

        async Task WaitAsync(string user)
        {
            await slots.AcquireAsync(user, CancellationToken.None);
            lock (order)
                order.Add(user);
        }
    }

    [Fact]
    public async Task Who_gave_up_waiting_takes_no_slot()
    {
        var slots = new FairSlots(2);
        await slots.AcquireAsync("ada", CancellationToken.None);
        await slots.AcquireAsync("ada", CancellationToken.None);
        using var patience = new CancellationTokenSource();
        var (first, second) = (slots.AcquireAsync("bob", patience.Token), slots.AcquireAsync("bob", default));

        await patience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(first);
        second.IsCompleted.ShouldBeFalse();
        slots.Release();
        await second.InTimeAsync();

        slots.Release();
        slots.Release();
        await slots.AcquireAsync("eve", CancellationToken.None);
        await slots.AcquireAsync("eve", CancellationToken.None);
        slots.AcquireAsync("eve", CancellationToken.None).IsCompleted.ShouldBeFalse("there are two, not more");
        await Should.ThrowAsync<OperationCanceledException>(slots.AcquireAsync("eve", patience.Token));
    }
}
