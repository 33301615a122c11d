using Microsoft.Extensions.Time.Testing;

namespace Cote.Tests.Primitives;

public sealed class ClockTests
{
    [Fact]
    public void An_id_is_a_UUID_of_version_7_that_begins_with_its_time_and_comes_once()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(0x0190_A1B2_C3D4));
        var clock = new Clock(time);

        var ids = Enumerable.Range(0, 1_000).Select(_ => clock.NewId()).ToList();

        ids.Distinct().Count().ShouldBe(ids.Count);
        ids.ShouldAllBe(x => x.StartsWith("0190a1b2-c3d4-7", StringComparison.Ordinal)
            && Ids.Parse(x) == x && Guid.Parse(x).Variant >= 8 && Guid.Parse(x).Variant <= 11);
        time.Advance(TimeSpan.FromMilliseconds(1));
        clock.NewId().ShouldStartWith("0190a1b2-c3d5-7");
    }

    [Fact]
    public void Ids_of_one_millisecond_are_in_the_order_of_their_times()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(0x0190_A1B2_C3D4));
        var clock = new Clock(time);

        var ids = new List<string>();
        for (var i = 0; i < 1_000; i++)
        {
            ids.Add(clock.NewId());
            time.Advance(TimeSpan.FromMicroseconds(1));
        }

        ids.ShouldBe([.. ids.Order(StringComparer.Ordinal)]);
        ids.ShouldAllBe(x => x.StartsWith("0190a1b2-c3d4-7", StringComparison.Ordinal));
        clock.NewId().ShouldStartWith("0190a1b2-c3d5-70");
    }
}
