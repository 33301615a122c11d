using System.Text;

namespace Cote.Models;

/// <summary>
/// Tells thoughts from text in the text of one step, where a model writes them between <c>&lt;think&gt;</c> and
/// <c>&lt;/think&gt;</c>. The tag counts only at the very beginning, white space aside, and once; anywhere else it is
/// text. White space around both tags belongs to neither. What comes out is the same however the text is cut.
/// </summary>
sealed class ThinkTags
{
    const string Opening = "<think>";
    const string Closing = "</think>";

    // White space may turn out to stand before a tag; so much of it cannot, or the memory would have no bound.
    const int MaxSpace = 1_024;

    readonly StringBuilder _space = new();
    State _state = State.Begin;
    int _matched;
    bool _hasThought;

    enum State
    {
        Begin,
        Thought,
        AfterThought,
        Text,
    }

    /// <summary>Whether a tag was opened and not closed.</summary>
    public bool IsOpen => _state == State.Thought;

    /// <summary>
    /// Takes the next piece of text. Beside white space at most the 7 letters that may become a tag are held back.
    /// </summary>
    public IReadOnlyList<(bool IsReasoning, string Text)> Next(string text)
    {
        if (_state == State.Text)
            return text.Length == 0 ? [] : [(false, text)];
        List<(bool IsReasoning, string Text)> pieces = [];
        var piece = new StringBuilder();
        var at = 0;
        while (at < text.Length && _state != State.Text)
        {
            var before = IsOpen;
            at += Take(text[at], piece) ? 1 : 0;
            if (before && !IsOpen)
                Add(pieces, isReasoning: true, piece);
        }
        if (_state == State.Text)
            Add(pieces, isReasoning: false, piece.Append(text, at, text.Length - at));
        else
            Add(pieces, isReasoning: true, piece);
        return pieces;
    }

    /// <summary>What was held back, at the end of the step.</summary>
    public IReadOnlyList<(bool IsReasoning, string Text)> Finish()
    {
        List<(bool IsReasoning, string Text)> pieces = [];
        var piece = new StringBuilder();
        Release(piece);
        Add(pieces, IsOpen, piece);
        return pieces;
    }

    // False where the letter is looked at once more.
    bool Take(char letter, StringBuilder piece)
    {
        if (_state == State.AfterThought)
        {
            if (char.IsWhiteSpace(letter))
                return true;
            _state = State.Text;
            return false;
        }
        var tag = IsOpen ? Closing : Opening;
        if (letter == tag[_matched])
        {
            if (++_matched == tag.Length)
            {
                _state = IsOpen ? State.AfterThought : State.Thought;
                _matched = 0;
                _space.Clear();
            }
            return true;
        }
        if (_matched == 0 && char.IsWhiteSpace(letter) && _space.Length < MaxSpace)
        {
            if (!IsOpen || _hasThought)
                _space.Append(letter);
            return true;
        }
        return TakeOther(letter, piece);
    }

    // What was held is no tag.
    bool TakeOther(char letter, StringBuilder piece)
    {
        var isAgain = _matched > 0;
        Release(piece);
        if (!IsOpen)
        {
            _state = State.Text;
            return false;
        }
        _hasThought = true;
        if (isAgain)
            return false;
        piece.Append(letter);
        return true;
    }

    void Release(StringBuilder piece)
    {
        piece.Append(_space).Append(IsOpen ? Closing : Opening, 0, _matched);
        _space.Clear();
        _matched = 0;
    }

    static void Add(List<(bool IsReasoning, string Text)> pieces, bool isReasoning, StringBuilder piece)
    {
        if (piece.Length > 0)
            pieces.Add((isReasoning, piece.ToString()));
        piece.Clear();
    }
}
