namespace Cote;

/// <summary>Transcripts of recordings, for models that hear none.</summary>
public sealed class TranscriptionOptions
{
    /// <summary>
    /// The provider whose URL and key are used, such as <c>openai</c> or one of <c>Cote__Assistants__Providers</c>; it
    /// must speak OpenAI's API. Unset: nothing is transcribed, and models get the name of a recording.
    /// </summary>
    public string? Provider { get; set; }

    /// <summary>The model that transcribes. Unset: <c>gpt-4o-mini-transcribe</c>.</summary>
    public string? Model { get; set; }

    internal bool IsConfigured => !string.IsNullOrWhiteSpace(Provider);

    internal string ModelName => string.IsNullOrWhiteSpace(Model) ? "gpt-4o-mini-transcribe" : Model.Trim();

    /// <summary>The model's id, as <c>provider/model</c>; null where nothing is transcribed.</summary>
    internal string? Id => IsConfigured ? $"{Provider!.Trim()}/{ModelName}" : null;
}
