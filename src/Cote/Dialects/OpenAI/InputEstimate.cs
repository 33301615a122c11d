using System.Text.Json;
using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>About how many tokens of input a body has that nobody has read before.</summary>
static class InputEstimate
{
    const long TokensOfImage = 1_600;
    const long Overhead = 4;
    // A minute of speech is some 600 tokens, and as mp3 a megabyte.
    const long BytesPerSoundToken = 1_000;
    // What is shorter is a text, whatever its letters.
    const int LeastData = 4_096;

    /// <summary>Of all texts in a value, pictures and recordings by themselves.</summary>
    public static long Of(JsonElement body)
    {
        var (quarters, tokens) = (0L, Overhead);
        Add(body, "", ref quarters, ref tokens);
        return tokens + (quarters + 3) / 4;
    }

    /// <summary>Of a recording of so many bytes.</summary>
    public static long OfSound(long bytes) => bytes / BytesPerSoundToken + 1;

    static void Add(JsonElement value, string name, ref long quarters, ref long tokens)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    quarters += TokenEstimate.Quarters(member.Name);
                    Add(member.Value, member.Name, ref quarters, ref tokens);
                }
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    Add(item, name, ref quarters, ref tokens);
                break;
            case JsonValueKind.String:
                var text = value.String()!;
                if (text.StartsWith("data:image", StringComparison.OrdinalIgnoreCase))
                    tokens += TokensOfImage;
                else if (name is "data" or "file_data" && text.Length >= LeastData)
                    tokens += text.Length / BytesPerSoundToken + 1;
                else
                    quarters += TokenEstimate.Quarters(text);
                break;
            case JsonValueKind.Number:
                quarters += 2;
                break;
        }
    }
}
