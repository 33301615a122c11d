using Cote.Notices;
using Microsoft.Extensions.Time.Testing;

namespace Cote.Tests.Notices;

/// <summary>Who gets the places that pushes are sent in.</summary>
[Trait("Rows", "none")]
public sealed class SlowPushTests
{
    const int OfKind = 32;
    const int OfSlow = 8;

    readonly FakeTimeProvider _time = new();
    readonly PushFlights _flights;
    int _made;

    public SlowPushTests() => _flights = new(new Clock(_time));

    [Fact]
    public void Users_whose_devices_hang_hold_a_quarter_of_the_places_once_that_is_known()
    {
        var slow = Enumerable.Range(0, 20).Select(x => $"slow {x}").ToList();
        // At first nobody knows it, and eight of them hold all.
        var first = slow.SelectMany(EnterAll).ToList();
        first.Count.ShouldBe(OfKind);
        _flights.FullKinds.ShouldBe([DeviceKinds.WebPush]);
        TryEnter("quick").ShouldBeNull();
        foreach (var push in first)
            _flights.Leave(push, PushFlights.SlowFrom);
        foreach (var user in slow.Skip(first.Select(x => x.Id.UserId).Distinct().Count()))
            _flights.Leave(TryEnter(user)!.Value, PushFlights.SlowFrom);

        slow.SelectMany(EnterAll).Count().ShouldBe(OfSlow);

        _flights.FullKinds.ShouldBeEmpty();
        _flights.FullUsers.Order().ShouldBe(slow.Order(), "none of them is asked for");
        Enumerable.Range(0, 6).SelectMany(x => EnterAll($"quick {x}")).Count().ShouldBe(OfKind - OfSlow);
        TryEnter("slow 9", DeviceKinds.Fcm).ShouldNotBeNull("each kind has places of its own");
    }

    [Fact]
    public void Who_is_quick_again_or_was_slow_long_ago_is_slow_no_more()
    {
        foreach (var user in Enumerable.Range(0, 10).Select(x => $"slow {x}"))
            _flights.Leave(TryEnter(user)!.Value, TimeSpan.FromSeconds(10));
        var held = Enumerable.Range(0, 10).Select(x => TryEnter($"slow {x}")).OfType<DuePush>().ToList();
        held.Count.ShouldBe(OfSlow);
        TryEnter("slow 8").ShouldBeNull();

        _flights.Leave(held[0], TimeSpan.FromSeconds(1)).ShouldBeTrue("others have waited for it");
        TryEnter("slow 8").ShouldNotBeNull();
        TryEnter("slow 9").ShouldBeNull();
        TryEnter("slow 0").ShouldNotBeNull("its last try was quick");
        _flights.Leave(held[1], null).ShouldBeTrue();
        TryEnter("slow 1").ShouldNotBeNull();
        TryEnter("slow 1").ShouldBeNull("it was not tried, and is as slow as before");
        _time.Advance(TimeSpan.FromMinutes(16));
        TryEnter("slow 9").ShouldNotBeNull("that was long ago");
        _flights.FullUsers.ShouldBeEmpty();
    }

    List<DuePush> EnterAll(string user)
    {
        var entered = new List<DuePush>();
        while (TryEnter(user) is { } push)
            entered.Add(push);
        return entered;
    }

    DuePush? TryEnter(string user, string kind = DeviceKinds.WebPush)
    {
        var push = new DuePush(new(user, $"message {_made++}", "device"), kind);
        return _flights.TryEnter(push) ? push : null;
    }
}
