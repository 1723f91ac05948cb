"""Leaderboard: every scored model and reference, ranked with intervals, each with the command that makes its row."""

import streamlit as st

from agroflux.ui import cache, leaderboard, leaderboard_panels, show

show.title(
    "Leaderboard",
    "How well models reproduce a simulator in years or counties that they have not seen, beside simple references.",
)


def page() -> None:
    """Controls, ranking and figures."""
    with show.guard("The leaderboard"):
        board = cache.leaderboard()
        if board.empty:
            show.empty(
                "No model has been scored yet.", "Train one with `agroflux train`, then run `agroflux evaluate`."
            )
            return
        choice = leaderboard.choose(board)
        show.banner(leaderboard.sources(choice.data))
        table = leaderboard.ranked(choice)
        with show.guard("The ranking"):
            leaderboard_panels.ranking(choice, table)
        left, right = st.columns(2, gap="medium")
        with left, show.guard("The bars"):
            st.subheader("Skill with its interval", anchor=False)
            leaderboard_panels.chart(choice, table)
        with right, show.guard("Skill against speed"):
            st.subheader("Skill against speed", anchor=False)
            leaderboard_panels.speed(choice, table)
        with show.guard("The card"):
            leaderboard_panels.card(choice, table)
        st.subheader("All targets", anchor=False)
        with show.guard("The map of all targets"):
            leaderboard_panels.heat(choice)
        leaderboard_panels.downloads(choice)
        show.sources(leaderboard.sources(choice.data))


page()
