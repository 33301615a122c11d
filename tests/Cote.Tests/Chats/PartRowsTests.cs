using System.Text;
using Cote.Chats;
using Cote.Data;

namespace Cote.Tests.Chats;

/// <summary>What a checkpoint writes of the parts of a reply.</summary>
[Trait("Rows", "none")]
public sealed class PartRowsTests
{
    [Fact]
    public void A_thought_is_written_once_however_many_checkpoints_it_takes()
    {
        const int checkpoints = 200, units = 100;
        var (saved, bytes, statements) = (SavedParts.None, 0L, 0);
        var thought = new StringBuilder();
        for (var i = 0; i < checkpoints; i++)
        {
            thought.Append('x', units);
            var parts = new ReplyParts(1, [new(new ReasoningPart(thought.ToString(), Length: thought.Length), 1)]);
            PartRows.Write(Count, "user", "reply", $"messages", saved, 1, parts);
            saved = SavedParts.Of(1, parts);
        }

        // The text, a second time for the row that may be there already, and a few words around each piece.
        bytes.ShouldBeLessThan(2 * checkpoints * (units + 300));
        bytes.ShouldBeGreaterThan(checkpoints * units);
        statements.ShouldBe(2 * checkpoints, "the part, and its new end");

        Statement Count(Sql sql)
        {
            statements++;
            bytes += sql.Args.Sum(x => x.Value is string text ? Encoding.UTF8.GetByteCount(text) : 8);
            return null!;
        }
    }

    [Fact]
    public void What_has_not_changed_is_not_written_again_and_another_attempt_begins_anew()
    {
        var parts = new ReplyParts(3, [
            new(new ReasoningPart("because", 5, 7), 2), new(new SourcePart("a page"), 3), new(new StepPart(), 1)]);
        var saved = SavedParts.Of(1, parts);
        var changed = new PartState(new SourcePart("a page", Snippet: "words"), 4);
        var later = new ReplyParts(4, [parts.Items[0], changed, parts.Items[2]]);

        Write(saved, 1, parts).ShouldBe(["step"], "the last part may have grown");
        Write(saved, 1, later).ShouldBe(["source", "step"]);
        Write(saved, 2, later).ShouldBe(["delete", "reasoning", "because", "source", "step"]);
    }

    static List<string> Write(SavedParts saved, long attempt, ReplyParts parts)
    {
        var written = new List<string>();
        PartRows.Write(sql =>
        {
            var values = sql.Args.Select(x => x.Value as string).OfType<string>().ToList();
            written.Add(sql.Text.TrimStart().StartsWith("delete", StringComparison.Ordinal) ? "delete"
                : values.Contains("null") ? values.First(x => x.StartsWith('"') && x.Length > 2).Trim('"')
                : values.First(x => x.StartsWith("{\"type\":\"", StringComparison.Ordinal)).Split('"')[3]);
            return null!;
        }, "user", "reply", $"messages", saved, attempt, parts);
        return written;
    }
}
