using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Cote.Tests.House;

/// <summary>The lines of the log: one place in each room, an id of the room's range, and a row for what an operator
/// must know.</summary>
public sealed class LogLinesTests
{
    static readonly Dictionary<string, int> Ranges = new()
    {
        ["Primitives"] = 1000,
        ["Data"] = 1100,
        ["Cluster"] = 1200,
        ["Events"] = 1300,
        ["Http"] = 1400,
        ["Users"] = 1500,
        ["Media"] = 1600,
        ["Models"] = 1700,
        ["Chats"] = 1800,
        ["Replies"] = 1900,
        ["Delivery"] = 2000,
        ["Admin"] = 2100,
        ["Extensibility"] = 2200,
        ["Usage"] = 2300,
        ["Tools"] = 2400,
        ["Dialects"] = 2500, ["Notices"] = 2600,
    };

    static readonly List<(string Room, LoggerMessageAttribute Line)> Lines =
    [
        .. typeof(CoteBuilder).Assembly.GetTypes()
            .SelectMany(x => x.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public
                | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(x => x.IsDefined(typeof(LoggerMessageAttribute)))
            .Select(x => (RoomOf(x.DeclaringType!), x.GetCustomAttribute<LoggerMessageAttribute>()!)),
    ];

    // What a host uses is in no room's namespace.
    static string RoomOf(Type type) => type.Namespace!.Split('.').ElementAtOrDefault(1) ?? type.Name.Replace("Log", "");

    [Fact]
    public void Each_line_has_an_id_of_its_own_in_the_range_of_its_room()
    {
        Lines.Count.ShouldBeGreaterThan(50);
        Lines.GroupBy(x => x.Line.EventId).Where(x => x.Count() > 1).Select(x => x.Key).ShouldBeEmpty();
        Lines.Where(x => x.Line.EventId / 100 * 100 != Ranges.GetValueOrDefault(x.Room, 900))
            .Select(x => $"{x.Line.EventId} in {x.Room}").ShouldBeEmpty();
    }

    [Fact]
    public void The_lines_of_a_room_stand_in_its_Log_file() => Directory
        .EnumerateFiles(Repository.Path("src/Cote"), "*.cs", SearchOption.AllDirectories)
        .Where(x => Path.GetFileName(x) != "Log.cs" && !x.Contains("/obj/", StringComparison.Ordinal)
            && File.ReadAllText(x).Contains("[LoggerMessage", StringComparison.Ordinal))
        .ShouldBeEmpty();

    [Fact]
    public void Warnings_and_errors_are_listed_for_operators_in_their_order()
    {
        var page = File.ReadAllText(Repository.Path("docs/operations.md"));
        var listed = Regex.Matches(page, @"^\| (\d{3,4}) \| `", RegexOptions.Multiline)
            .Select(x => int.Parse(x.Groups[1].Value)).ToList();

        listed.ShouldBe(listed.Order());
        Lines.Where(x => x.Line.Level >= LogLevel.Warning).Select(x => x.Line.EventId).Except(listed).ShouldBeEmpty();
        listed.Except(Lines.Select(x => x.Line.EventId)).ShouldBeEmpty();
    }
}
