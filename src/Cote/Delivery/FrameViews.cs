using Cote.Chats;
using Cote.Events;

namespace Cote.Delivery;

static class FrameViews
{
    /// <summary>The frame as a client with this view of parts gets it.</summary>
    public static Frame In(this Frame frame, PartsView view) => view switch
    {
        PartsView.All when frame.AllParts is { } json => frame with { Json = json },
        PartsView.None when frame.NoParts is { } json => frame with { Json = json },
        _ => frame,
    };
}
