using System.Text.Json;
using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>Collects the text and the files of a message's content, in either API's form.</summary>
sealed class TurnContent(TurnReader reader)
{
    readonly List<string> _texts = [];
    readonly List<TurnFile> _files = [];

    public string Text => string.Join("\n\n", _texts);

    public IReadOnlyList<TurnFile> Files => _files;

    /// <summary>Adds a content: a text, or a list of parts.</summary>
    public void Add(JsonElement? content, string param)
    {
        if (content is { ValueKind: JsonValueKind.String } text)
            AddText(text.String() ?? "", param);
        else if (content is { ValueKind: JsonValueKind.Array } parts)
            foreach (var (index, part) in parts.EnumerateArray().Index())
                AddPart(part, $"{param}[{index}]");
        else
            reader.Refuse(OpenAIError.Wrong(param, $"`{param}` is a text or a list of parts."));
    }

    void AddText(string text, string param)
    {
        if (WellFormedText.Of(text) != text)
            reader.Refuse(OpenAIError.Wrong(param, "The text holds half a character."));
        else if (text.Length > 0)
            _texts.Add(text);
    }

    void AddPart(JsonElement part, string param)
    {
        switch (part.String("type"))
        {
            case "text" or "input_text" or "output_text":
                AddText(part.String("text") ?? "", $"{param}.text");
                break;
            case "image_url":
                AddFile(TurnReader.Get(part, "image_url") is { ValueKind: JsonValueKind.Object } image
                    ? image.String("url") : part.String("image_url"), null, $"{param}.image_url");
                break;
            case "input_image":
                AddFile(part.String("image_url"), null, $"{param}.image_url");
                break;
            case "input_audio" when TurnReader.Get(part, "input_audio") is { } sound:
                var kind = sound.String("format") == "mp3" ? "audio/mpeg" : "audio/wav";
                AddFile($"data:{kind};base64,{sound.String("data")}", null, $"{param}.input_audio");
                break;
            case "file" when TurnReader.Get(part, "file") is { } file:
                AddFile(DataOf(file.String("file_data")), file.String("filename"), $"{param}.file");
                break;
            case "input_file":
                AddFile(
                    DataOf(part.String("file_data")) ?? part.String("file_url"), part.String("filename"),
                    $"{param}.file_data");
                break;
            default:
                reader.Refuse(OpenAIError.Unsupported($"{param}.type", "A turn does not take parts of this type."));
                break;
        }
    }

    // Some clients leave the beginning of the URL out.
    static string? DataOf(string? data) =>
        data is null || data.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? data
        : $"data:application/octet-stream;base64,{data}";

    void AddFile(string? url, string? name, string param)
    {
        if (url is { Length: > 0 })
            _files.Add(new(url, name, param));
        else
            reader.Refuse(OpenAIError.Unsupported(
                param, "A turn takes `data:` URLs and uploads of one's own (`/media/…`); it fetches nothing."));
    }
}
