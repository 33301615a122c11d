using System.Buffers.Text;
using System.Text.Json;

namespace Cote.Load.Wire;

enum SeenType { Other, Snapshot, Delta, Message }

/// <summary>What the generator looks at in a frame of the contract.</summary>
ref struct Seen
{
    public SeenType Type;
    public Guid Chat;
    public Guid Message;
    public int Offset;
    public int Attempt;
    public bool IsAi;
    public bool IsCompleted;

    /// <summary>
    /// The text of a delta, or the content of a snapshot or a message. The benchmark's texts need no escapes.
    /// </summary>
    public ReadOnlySpan<byte> Text;

    /// <summary>The number in the cursor of a durable event, or 0.</summary>
    public long Seq;

    public static Seen Read(ReadOnlySpan<byte> json)
    {
        var seen = new Seen();
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            switch (reader.CurrentDepth)
            {
                case 1 when reader.ValueTextEquals("type"u8):
                    reader.Read();
                    seen.Type = reader.ValueTextEquals("message.delta"u8) ? SeenType.Delta
                        : reader.ValueTextEquals("message.snapshot"u8) ? SeenType.Snapshot
                        : reader.ValueTextEquals("message"u8) ? SeenType.Message : SeenType.Other;
                    break;
                case 1 when reader.ValueTextEquals("cursor"u8):
                    reader.Read();
                    _ = Utf8Parser.TryParse(reader.ValueSpan[(reader.ValueSpan.IndexOf((byte)'-') + 1)..],
                        out seen.Seq, out _);
                    break;
                case 2 when reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("content"u8):
                    reader.Read();
                    seen.Text = reader.ValueSpan;
                    break;
                case 2 when reader.ValueTextEquals("offset"u8):
                    reader.Read();
                    seen.Offset = reader.GetInt32();
                    break;
                case 2 when reader.ValueTextEquals("attempt"u8):
                    reader.Read();
                    seen.Attempt = reader.GetInt32();
                    break;
                case 2 when reader.ValueTextEquals("message_id"u8) || reader.ValueTextEquals("id"u8):
                    reader.Read();
                    _ = Utf8Parser.TryParse(reader.ValueSpan, out seen.Message, out _);
                    break;
                case 2 when reader.ValueTextEquals("chat_id"u8):
                    reader.Read();
                    _ = Utf8Parser.TryParse(reader.ValueSpan, out seen.Chat, out _);
                    break;
                case 2 when reader.ValueTextEquals("sender"u8):
                    reader.Read();
                    seen.IsAi = reader.ValueTextEquals("ai"u8);
                    break;
                case 3 when reader.ValueTextEquals("state"u8):
                    reader.Read();
                    seen.IsCompleted = reader.ValueTextEquals("completed"u8);
                    break;
            }
        }
        return seen;
    }
}

/// <summary>
/// One reader's view of one reply, kept by the contract's rules. The text is known beforehand, so every frame is
/// compared with what it must be: a token that is missing, doubled or out of place is a fault.
/// </summary>
struct ReplyView
{
    public int Length;
    public int Attempt;
    public int Faults;
    public bool Ended;
    public int EndLength;

    public void Apply(in Seen seen, int tokens)
    {
        // What an earlier attempt said is taken back.
        if (seen.Attempt > Attempt && seen.Type is SeenType.Snapshot or SeenType.Delta)
            (Attempt, Length) = (seen.Attempt, 0);
        switch (seen.Type)
        {
            case SeenType.Snapshot:
                if (!ReplyText.Matches(0, seen.Text))
                    Faults++;
                Length = Math.Max(Length, seen.Text.Length);
                break;
            case SeenType.Delta:
                if (Ended || seen.Offset != Length || !ReplyText.Matches(seen.Offset, seen.Text))
                    Faults++;
                Length = seen.Offset + seen.Text.Length;
                break;
            case SeenType.Message when seen.IsAi:
                if (Ended || !seen.IsCompleted || seen.Text.Length != tokens * ReplyText.TokenLength
                    || !ReplyText.Matches(0, seen.Text))
                    Faults++;
                (Ended, EndLength) = (true, seen.Text.Length);
                break;
        }
    }

    /// <summary>Every token was seen, and the end.</summary>
    public readonly bool IsWhole => Ended && Faults == 0;
}

/// <summary>The text that the paced model speaks: tokens of one length that are numbered.</summary>
static class ReplyText
{
    public const int TokenLength = 6;
    public const int MostTokens = 20_000;

    static readonly byte[] All = Make();

    public static ReadOnlySpan<byte> Token(int number) => All.AsSpan(number * TokenLength, TokenLength);

    public static bool Matches(int offset, ReadOnlySpan<byte> text) =>
        offset >= 0 && offset + text.Length <= All.Length && All.AsSpan(offset, text.Length).SequenceEqual(text);

    /// <summary>The question that asks the paced model for a reply.</summary>
    public static string Ask(int tokens, int perSecond = 0, int firstMs = 0) =>
        $"#bench first={firstMs} tokens={tokens} rate={perSecond}";

    /// <summary>The question whose reply takes so many calls of a tool, each after a thought.</summary>
    public static string AskTools(int tools, int tokens) => $"#bench first=0 tokens={tokens} rate=0 tools={tools}";

    /// <summary>The question whose answer is the moment at which the model got it.</summary>
    public const string AskStamp = "#bench stamp=1";

    static byte[] Make()
    {
        var all = new byte[MostTokens * TokenLength];
        for (var i = 0; i < MostTokens; i++)
        {
            all[i * TokenLength] = (byte)' ';
            _ = Utf8Formatter.TryFormat(i, all.AsSpan(i * TokenLength + 1), out _, new('D', 5));
        }
        return all;
    }
}
