using System.Diagnostics;

namespace Cote.Media.Reading;

/// <summary>What has been read of a document so far.</summary>
sealed class DocumentDraft(DocumentBounds bounds)
{
    public const int LongestTitle = 200;
    const int StepsBetweenLooks = 256;

    readonly long _began = Stopwatch.GetTimestamp();
    readonly TextDraft _outline = new(bounds.MaxOutline);
    readonly List<PagePicture> _pictures = [];
    long _pictureBytes;
    int _steps;
    bool _isLate;

    public TextDraft Text { get; } = new(bounds.MaxCharacters);

    /// <summary>Whether the rest is not read, because of its length or of the time.</summary>
    public bool IsDone
    {
        get
        {
            if (!_isLate && ++_steps % StepsBetweenLooks == 0)
                LookAtTime();
            return Text.IsFull || _isLate;
        }
    }

    /// <summary>Whether the time is over, asked for less often than <see cref="IsDone"/>.</summary>
    public bool LookAtTime() => _isLate |= Stopwatch.GetElapsedTime(_began) > bounds.MaxTime;

    /// <summary>Whether text was left out that is no part of the bounds of the whole.</summary>
    public bool IsCut { get; set; }

    public bool HasRoomForPicture => _pictures.Count < bounds.MaxPictures && _pictureBytes < bounds.MaxPictureBytes;

    public bool IsEmpty => Text.IsEmpty && _pictures.Count == 0;

    /// <summary>Adds a line, indented by its level.</summary>
    public void AddToOutline(int level, string title)
    {
        if (string.IsNullOrWhiteSpace(title))
            return;
        _outline.Line();
        if (!_outline.IsEmpty)
            _outline.Append(new string(' ', 2 * Math.Clamp(level, 0, 9)));
        _outline.Append(title);
    }

    /// <summary>False where it is more than the bounds allow.</summary>
    public bool Add(PagePicture picture)
    {
        if (!HasRoomForPicture || _pictureBytes + picture.Bytes.Length > bounds.MaxPictureBytes)
            return false;
        _pictureBytes += picture.Bytes.Length;
        _pictures.Add(picture);
        return true;
    }

    public DocumentText ToText() =>
        new(Text.ToString(), _outline.ToString(), IsCut || Text.IsFull || _isLate, _pictures);
}
